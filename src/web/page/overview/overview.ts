// The overview: whether anything is wrong, the numbers of the host, and all services as a table or as cards.
import type { HttpAct } from "../../source.ts";
import { actOn } from "../base/acts.ts";
import { button, elementOf, KeptText, listened, setAttribute } from "../base/dom.ts";
import { openView, type PageContext, replaceQuery, type ShownView } from "../base/page.ts";
import type { Place } from "../base/place.ts";
import { countsOf, filterStates, type SortBy, type StateFilter, sortKeys } from "./ordering.ts";
import { recentActs } from "./recent.ts";
import { ServiceTable, type TableWishes } from "./table.ts";
import { Tiles } from "./tiles.ts";
import { TroubleLine } from "./trouble.ts";

const filterTitles: Record<StateFilter, string> = { all: "All", notwell: "Not well", running: "Running", stopped: "Stopped" };
const storedShape = "bs9.shape";

function wishesOf({ query }: Place): TableWishes {
  const by = sortKeys.find((key) => key === query["sort"]) ?? "state";
  const filter = filterStates.find((state) => state === query["state"]) ?? "all";
  return { text: query["q"] ?? "", filter, order: { by, isReversed: query["reverse"] === "yes" } };
}

export function overviewView(page: PageContext, first: Place): ShownView {
  let place = first;
  let wishes = wishesOf(place);
  const { live } = page;
  const [trouble, tiles, recent] = [new TroubleLine(page), new Tiles(live), recentActs(page, null)];

  const act = (verb: HttpAct | "logs", name: string) => {
    if (verb === "logs") openView("logs", "", { services: name });
    else void actOn(page, verb, name);
  };
  const sort = (by: SortBy) => {
    const isReversed = wishes.order.by === by && !wishes.order.isReversed;
    replaceQuery(place, { sort: by === "state" && !isReversed ? null : by, reverse: isReversed ? "yes" : null });
  };
  const table = new ServiceTable({ live, onSort: sort, onAct: act }, wishes);

  const field = elementOf("input", {
    type: "search",
    placeholder: "Filter by name or state",
    "aria-label": "Filter the services",
    spellcheck: "false",
    autocomplete: "off",
    maxlength: 100,
  });
  field.value = wishes.text;
  listened(field, {
    input: () => replaceQuery(place, { q: field.value }),
    keydown: (event) => {
      const { key } = event as KeyboardEvent;
      if (key === "Escape") {
        field.value = "";
        replaceQuery(place, { q: null });
        table.move(0);
      } else if (key === "Enter" || key === "ArrowDown") {
        event.preventDefault();
        table.move(0);
      }
    },
  });
  const chips = filterStates.map((state) => {
    const count = new KeptText();
    const chip = button(filterTitles[state], () => replaceQuery(place, { state: state === "all" ? null : state }), { class: "chip" });
    chip.append(elementOf("span", { class: "count" }, count.node));
    return { state, chip, count };
  });
  const shape = button("", () => setShape(shapeNow() === "table" ? "cards" : "table"), { class: "quiet shape" });
  const none = elementOf("p", { class: "none" });
  const chipGroup = elementOf("div", { class: "chips", role: "group", "aria-label": "Filter by state" }, ...chips.map(({ chip }) => chip));
  const bar = elementOf("div", { class: "toolbar" }, field, chipGroup, shape);
  const main = elementOf("div", { class: "main" }, bar, table.root, none);
  const root = elementOf(
    "div",
    { class: "overview" },
    elementOf("h1", { class: "unseen" }, "Overview"),
    trouble.root,
    tiles.root,
    main,
    recent.root,
  );

  const shapeNow = (): "table" | "cards" => (localStorage.getItem(storedShape) === "cards" ? "cards" : "table");
  const setShape = (wanted: string) => {
    localStorage.setItem(storedShape, wanted);
    showShape();
  };
  const showShape = () => {
    table.root.dataset["shape"] = shapeNow();
    shape.textContent = shapeNow() === "table" ? "Cards" : "Table";
  };
  const showCounts = () => {
    const counts = countsOf(live.services.values());
    for (const { state, chip, count } of chips) {
      count.set(live.atMs === null ? "" : String(counts[state]));
      setAttribute(chip, "aria-pressed", String(wishes.filter === state));
    }
    const isFiltered = wishes.text !== "" || wishes.filter !== "all";
    const isEmpty = isFiltered && table.shownCount === 0 && live.services.size > 0;
    none.hidden = !isEmpty;
    if (isEmpty && none.childElementCount === 0)
      none.replaceChildren(
        `0 of ${live.services.size} services match. `,
        button("Show all", () => clear()),
      );
    else if (!isEmpty) none.replaceChildren();
  };
  const clear = () => {
    field.value = "";
    replaceQuery(place, { q: null, state: null });
  };

  let reading: number | null = null;
  const readSoon = () => {
    reading ??= window.setTimeout(() => {
      reading = null;
      // The events that come when the page is seen again ask again.
      if (document.visibilityState === "visible") void recent.read();
    }, 500);
  };
  const unlisten = live.listen((event) => {
    table.take(event);
    tiles.update();
    if (event.kind === "sample") return;
    trouble.update();
    showCounts();
    readSoon();
  });
  showShape();
  showCounts();
  void recent.read();

  const onSelected = (run: (name: string) => void) => () => {
    if (table.selected !== null) run(table.selected);
  };
  return {
    title: "Overview",
    root,
    keys: [
      { keys: ["/"], text: "filter the services", run: () => field.select() },
      { keys: ["j", "ArrowDown"], text: "next service", run: () => table.move(1) },
      { keys: ["k", "ArrowUp"], text: "service before", run: () => table.move(-1) },
      { keys: ["Enter"], text: "open the selected service", run: onSelected((name) => openView("service", name)) },
      { keys: ["l"], text: "logs of the selected service", run: onSelected((name) => act("logs", name)) },
      { keys: ["r"], text: "restart the selected service", run: onSelected((name) => act("restart", name)) },
      {
        keys: ["F"],
        text: "only services that are not well",
        run: () => replaceQuery(place, { state: wishes.filter === "notwell" ? null : "notwell" }),
      },
      { keys: ["c"], text: "cards or table", run: () => setShape(shapeNow() === "table" ? "cards" : "table") },
    ],
    moved(to) {
      place = to;
      wishes = wishesOf(place);
      if (document.activeElement !== field) field.value = wishes.text;
      table.wish(wishes);
      showCounts();
    },
    close() {
      if (reading !== null) clearTimeout(reading);
      unlisten();
      table.close();
    },
  };
}
