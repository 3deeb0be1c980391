// The frame around every view: name of the host, ways to the views, whether the page is live, the theme, and logging out.
import { apiPost } from "./api.ts";
import { shownDialog } from "./dialog.ts";
import { button, elementOf, KeptText, listened, setAttribute } from "./dom.ts";
import type { Keys } from "./keys.ts";
import { hashOf, type ViewName } from "./place.ts";
import type { StreamState } from "./stream.ts";

const entries: [view: ViewName, title: string][] = [
  ["overview", "Overview"],
  ["logs", "Logs"],
  ["alerts", "Alerts"],
  ["host", "Host"],
];
const stateTexts: Record<StreamState, string> = { connecting: "reconnecting", live: "live", polling: "live, every 5 s", paused: "paused" };
/** The server sends figures every five seconds. */
const staleMs = 12_000;
const themes = ["system", "dark", "light"] as const;
type Theme = (typeof themes)[number];
const storedTheme = "bs9.theme";

export class Shell {
  readonly root: HTMLElement;
  readonly content = elementOf("main", { id: "content", tabindex: -1 });
  readonly #host = new KeptText("…");
  readonly #links = new Map<ViewName, HTMLAnchorElement>();
  readonly #count = new KeptText();
  readonly #state = new KeptText("connecting");
  readonly #live = elementOf(
    "span",
    { class: "live", "data-live": "connecting" },
    elementOf("span", { class: "dot", "aria-hidden": "true" }),
    elementOf("span", {}, this.#state.node),
  );
  readonly #theme: HTMLButtonElement;
  #stream: StreamState = "connecting";
  #heardMs = 0;
  #timer: number | null = null;

  constructor(keys: Keys, onLoggedOut: () => void) {
    const nav = elementOf("nav", { "aria-label": "Views" });
    for (const [view, title] of entries) {
      const count = view === "alerts" ? elementOf("span", { class: "count" }, this.#count.node) : null;
      const link = elementOf("a", { href: hashOf(view), class: `nav-${view}` }, elementOf("span", {}, title), count);
      this.#links.set(view, link);
      nav.append(link);
    }
    this.#theme = button("", () => this.nextTheme(), { class: "quiet" });
    const help = button("?", () => showKeys(keys), { class: "quiet help", "aria-label": "? Keys of this page", title: "Keys" });
    const leave = button("Log out", () => void apiPost("logout").finally(onLoggedOut), { class: "quiet" });
    const skip = listened(elementOf("a", { href: "#content", class: "skip" }, "Skip to the content"), {
      click: (event) => {
        event.preventDefault();
        this.content.focus();
      },
    });
    const name = elementOf(
      "a",
      { class: "brand", href: hashOf("overview") },
      elementOf("b", {}, "bs9"),
      elementOf("span", {}, this.#host.node),
    );
    const header = elementOf(
      "header",
      { class: "top" },
      name,
      nav,
      elementOf("span", { class: "space" }),
      this.#live,
      this.#theme,
      help,
      leave,
    );
    this.root = elementOf("div", { class: "shell" }, skip, header, this.content);
    this.#showTheme();
  }

  setHost(host: string): void {
    this.#host.set(host);
  }

  setView(view: ViewName): void {
    for (const [name, link] of this.#links) {
      const isHere = name === view || (name === "overview" && view === "service");
      setAttribute(link, "aria-current", isHere ? "page" : null);
    }
  }

  setAlertCount(count: number): void {
    this.#count.set(count === 0 ? "" : String(count));
  }

  setStream(state: StreamState): void {
    this.#stream = state;
    if (state === "live" || state === "polling") this.#heardMs = performance.now();
    this.#showLive();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = state === "live" ? window.setTimeout(() => this.#watch(), staleMs) : null;
  }

  nextTheme(): void {
    const next = themes[(themes.indexOf(themeNow()) + 1) % themes.length] ?? "system";
    if (next === "system") localStorage.removeItem(storedTheme);
    else localStorage.setItem(storedTheme, next);
    this.#showTheme();
    document.dispatchEvent(new Event("themechange"));
  }

  #watch(): void {
    this.#showLive();
    if (document.visibilityState === "visible") this.#timer = window.setTimeout(() => this.#watch(), 1000);
  }

  #showLive(): void {
    const silentMs = performance.now() - this.#heardMs;
    const isStale = this.#stream === "live" && silentMs >= staleMs;
    this.#state.set(isStale ? `stale ${Math.round(silentMs / 1000)} s` : stateTexts[this.#stream]);
    setAttribute(this.#live, "data-live", isStale ? "stale" : this.#stream);
  }

  #showTheme(): void {
    const theme = themeNow();
    showTheme();
    this.#theme.textContent = { system: "Auto", dark: "Dark", light: "Light" }[theme];
    this.#theme.title = "Theme";
  }
}

function themeNow(): Theme {
  const stored = localStorage.getItem(storedTheme);
  return themes.find((theme) => theme === stored) ?? "system";
}

export function showTheme(): void {
  const theme = themeNow();
  setAttribute(document.documentElement, "data-theme", theme === "system" ? null : theme);
}

export function showKeys(keys: Keys): void {
  const rows = keys
    .all()
    .map(({ keys: names, text }) =>
      elementOf(
        "div",
        {},
        elementOf("dt", {}, ...names.flatMap((name, i) => [i === 0 ? "" : " or ", elementOf("kbd", {}, name)])),
        elementOf("dd", {}, text),
      ),
    );
  const box = elementOf("input", { type: "checkbox" });
  box.checked = keys.isOn;
  listened(box, { change: () => keys.switch(box.checked) });
  const close = button("Close", () => dialog.close(), { autofocus: true });
  const dialog = shownDialog("Keys", [
    elementOf("dl", { class: "key-list" }, ...rows),
    elementOf("label", { class: "check" }, box, " Single letters are keys"),
    elementOf("div", { class: "choices" }, close),
  ]);
}
