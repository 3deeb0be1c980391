// Log lines of one, several or all services: searched on the server, followed, and older ones on scrolling up.
import { shellWord } from "../../../base/text.ts";
import type { LogLevel } from "../../../logs/level.ts";
import { isLoggedOut, whyFailed } from "../base/api.ts";
import { button, elementOf, listened, setAttribute } from "../base/dom.ts";
import { type PageContext, replaceQuery, type ShownView, whileSeen } from "../base/page.ts";
import type { Place } from "../base/place.ts";
import type { LogWishes } from "./feed.ts";
import { LogList } from "./list.ts";
import { logFeed } from "./log-api.ts";

const levelTitles: [level: LogLevel | "", title: string][] = [
  ["", "All levels"],
  ["debug", "debug and above"],
  ["info", "info and above"],
  ["warn", "warn and above"],
  ["error", "error and above"],
];
const sinceTitles: [since: string, title: string][] = [
  ["", "Any time"],
  ["15m", "Last 15 min"],
  ["1h", "Last hour"],
  ["24h", "Last 24 h"],
  ["7d", "Last 7 days"],
];
const [busyMs, calmMs] = [1000, 2000];
const typingMs = 250;
/** What the user likes stays over visits. */
const looks = { wrap: "bs9.wrap", times: "bs9.times" };

const wishesOf = ({ query }: Place): LogWishes => ({
  services: query["services"] ?? "",
  level: query["level"] ?? "",
  q: (query["q"] ?? "").slice(0, 200),
  since: query["since"] ?? "",
});

export function logs(page: PageContext, first: Place): ShownView {
  let place = first;
  let feed = logFeed(wishesOf(place));
  let asked = 0;
  let isReading = false;
  let hadNews = false;

  const choice = (title: string, name: string, options: (readonly [string, string])[]) => {
    const select = elementOf("select", { "aria-label": title }, ...options.map(([value, text]) => elementOf("option", { value }, text)));
    return listened(select, { change: () => replaceQuery(place, { [name]: select.value }) });
  };
  const services = choice("Service", "services", []);
  const level = choice("Level", "level", levelTitles);
  const since = choice("Range of time", "since", sinceTitles);
  const field = elementOf("input", {
    type: "search",
    placeholder: "Search the lines",
    "aria-label": "Search the log lines",
    spellcheck: "false",
    autocomplete: "off",
    maxlength: 200,
  });
  let typing: number | null = null;
  listened(field, {
    input: () => {
      if (typing !== null) clearTimeout(typing);
      typing = window.setTimeout(() => replaceQuery(place, { q: field.value }), typingMs);
    },
    keydown: (event) => {
      const { key } = event as KeyboardEvent;
      if (key === "Escape") replaceQuery(place, { q: null });
      if (key === "Escape" || key === "Enter") list.root.focus();
    },
  });
  const follow = button("Follow", () => setFollow(!list.isFollowing), { class: "chip" });
  const toggle = (title: string, name: keyof typeof looks) => {
    const node = button(
      title,
      () => {
        localStorage.setItem(looks[name], isOn() ? "off" : "on");
        show();
      },
      { class: "chip" },
    );
    const isOn = () => localStorage.getItem(looks[name]) !== "off";
    const show = () => {
      setAttribute(node, "aria-pressed", String(isOn()));
      root.dataset[name] = isOn() ? "on" : "off";
    };
    return { node, show };
  };
  const [wrap, times] = [toggle("Wrap", "wrap"), toggle("Times", "times")];
  const copy = button("Copy command", () => void copyCommand(), { class: "quiet" });
  const news = button("", () => setFollow(true), { class: "news primary" });
  news.hidden = true;
  const note = elementOf("p", { class: "dim log-note", role: "status" });
  const list = new LogList({
    onReread: () => readLast(),
    onTop: () => void readOlder(),
    onFollow(isFollowing, waiting) {
      setAttribute(follow, "aria-pressed", String(isFollowing));
      news.hidden = isFollowing || waiting === 0;
      news.textContent = `${waiting} new`;
    },
  });
  const bar = elementOf("div", { class: "toolbar" }, services, level, since, field, follow, wrap.node, times.node, copy);
  const root = elementOf("div", { class: "logs-view" }, elementOf("h1", { class: "unseen" }, "Logs"), bar, note, list.root, news);

  const setFollow = (isWanted: boolean) => {
    list.follow(isWanted);
    if (isWanted) list.root.focus();
  };
  const copyCommand = async () => {
    const { services: names, level: least, q, since: from } = wishesOf(place);
    const words = ["bs9", "logs", ...(names === "" ? [] : names.split(",")), "-f"];
    if (least !== "") words.push("--level", least);
    if (from !== "") words.push("--since", from);
    if (q !== "") words.push("--grep", q.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const text = words.map(shellWord).join(" ");
    try {
      await navigator.clipboard.writeText(text);
      page.messages.show(`copied: ${text}`);
    } catch {
      // A page without TLS has no clipboard.
      page.messages.show(text);
    }
  };
  const failed = (error: unknown) => {
    if (isLoggedOut(error)) page.loggedOut();
    else note.textContent = `The logs cannot be read: ${whyFailed(error)}`;
  };
  const readLast = async () => {
    const own = ++asked;
    const wishes = wishesOf(place);
    feed = logFeed(wishes);
    const ownFeed = feed;
    note.textContent = "Reading …";
    isReading = true;
    try {
      const { lines, complete } = await ownFeed.last();
      if (own !== asked) return;
      const isAny = wishes.q !== "" || wishes.level !== "" || wishes.since !== "";
      const empty = elementOf(
        "p",
        { class: "none" },
        isAny ? "No line matches. New ones appear here." : "No log lines yet. New ones appear here.",
      );
      list.replace(lines, { sought: wishes.q, withService: !/^[^,]+$/.test(wishes.services) }, empty);
      note.textContent = complete ? "" : "The search took too long: only a part of the range was searched. Choose a shorter range.";
    } catch (error) {
      if (own === asked) failed(error);
    } finally {
      if (own === asked) isReading = false;
    }
  };
  const readNews = async () => {
    if (isReading) return;
    const own = asked;
    try {
      const { lines, isCut } = await feed.news();
      if (own !== asked) return;
      hadNews = lines.length > 0;
      list.append(lines, isCut);
      if (note.textContent?.startsWith("The logs cannot")) note.textContent = "";
    } catch (error) {
      if (own === asked) failed(error);
    }
  };
  const readOlder = async () => {
    if (isReading || !feed.hasOlder) return;
    const own = asked;
    isReading = true;
    try {
      const lines = await feed.before();
      if (own === asked) list.prepend(lines);
    } catch (error) {
      if (own === asked) failed(error);
    } finally {
      if (own === asked) isReading = false;
    }
  };

  const showWishes = () => {
    const wishes = wishesOf(place);
    const names = [...page.live.services.keys()].sort();
    const wanted = wishes.services !== "" && !names.includes(wishes.services) ? [wishes.services] : [];
    const options = ["", ...wanted, ...names];
    if (options.join() !== [...services.options].map(({ value }) => value).join())
      services.replaceChildren(...options.map((value) => elementOf("option", { value }, value === "" ? "All services" : value)));
    services.value = wishes.services;
    level.value = wishes.level;
    since.value = wishes.since;
    if (document.activeElement !== field || wishes.q === "") field.value = wishes.q;
  };
  const unlisten = page.live.listen(({ kind }) => {
    if (kind !== "sample") showWishes();
  });
  showWishes();
  wrap.show();
  times.show();
  void readLast();
  const endNews = whileSeen(() => (hadNews ? busyMs : calmMs), readNews);

  return {
    title: "Logs",
    root,
    keys: [
      { keys: ["/"], text: "search the lines", run: () => field.select() },
      { keys: ["F"], text: "follow, or stop to follow", run: () => setFollow(!list.isFollowing) },
      { keys: ["G", "End"], text: "to the end, and follow", run: () => setFollow(true) },
      { keys: ["e"], text: "next error", run: () => list.toError(1) },
      { keys: ["E"], text: "previous error", run: () => list.toError(-1) },
      {
        keys: ["v"],
        text: "next higher level",
        run: () => replaceQuery(place, { level: levelTitles[(level.selectedIndex + 1) % levelTitles.length]?.[0] ?? null }),
      },
      { keys: ["W"], text: "wrap long lines", run: () => wrap.node.click() },
      { keys: ["t"], text: "times", run: () => times.node.click() },
      { keys: ["y"], text: "copy the command that shows these lines", run: () => void copyCommand() },
    ],
    moved(to) {
      place = to;
      showWishes();
      void readLast();
    },
    close() {
      asked++;
      if (typing !== null) clearTimeout(typing);
      unlisten();
      endNews();
    },
  };
}
