// The table of services. Rows are kept by name, moved only where the order changed, and written only where a text differs; the
// style sheet lets the browser skip the rows out of view.
import type { ModelEvent } from "../../../status/events.ts";
import type { HttpAct } from "../../source.ts";
import { button, elementOf, listened, setAttribute } from "../base/dom.ts";
import type { LiveServices } from "../base/live.ts";
import { wellnessOf } from "../base/words.ts";
import { isShownBy, matches, orderedBy, type ServiceOrder, type SortBy, type StateFilter } from "./ordering.ts";
import { rowColumns, ServiceRow } from "./row.ts";
import { SparkQueue } from "./sparks.ts";

export type TableWishes = { text: string; filter: StateFilter; order: ServiceOrder };

export type TableOptions = {
  live: LiveServices;
  onSort(by: SortBy): void;
  onAct(act: HttpAct | "logs", name: string): void;
};

/** Rows that move under the pointer would be hit by mistake, so an order by figures is made anew only now and then. */
const reorderMs = 15_000;
/** Rows out of view that one tick brings up to date. */
const rowsInTurn = 100;

export class ServiceTable {
  readonly root: HTMLTableElement;
  readonly #options: TableOptions;
  readonly #rows = new Map<string, ServiceRow>();
  readonly #body = elementOf("tbody", { role: "rowgroup" });
  readonly #heads = new Map<string, HTMLElement>();
  readonly #inView = new Set<ServiceRow>();
  readonly #queue = new SparkQueue();
  readonly #watcher: IntersectionObserver;
  #wishes: TableWishes;
  #selected: string | null = null;
  #shown: ServiceRow[] = [];
  #orderedMs = 0;
  #turn = 0;

  constructor(options: TableOptions, wishes: TableWishes) {
    this.#options = options;
    this.#wishes = wishes;
    this.#watcher = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: "200px" });
    const head = elementOf("tr", { role: "row" }, this.#head("name", "Name", "name"));
    for (const { id, title, sort } of rowColumns) head.append(this.#head(id, title, sort));
    head.append(
      elementOf("th", { role: "columnheader", scope: "col", class: "c-acts" }, elementOf("span", { class: "unseen" }, "Actions")),
    );
    const caption = elementOf("caption", { class: "unseen" }, "Services");
    this.root = elementOf(
      "table",
      { role: "table", class: "services" },
      caption,
      elementOf("thead", { role: "rowgroup" }, head),
      this.#body,
    );
    listened(this.#body, { click: (event) => this.#click(event), focusin: (event) => this.#focus(event) });
    this.rebuild();
  }

  /** Makes rows for new services, removes those of services that are gone, and puts all in order. */
  rebuild(): void {
    const { services } = this.#options.live;
    for (const [name, row] of this.#rows) if (!services.has(name)) this.#remove(name, row);
    for (const observed of services.values()) this.#put(observed.status.name);
    this.#arrange();
  }

  wish(wishes: TableWishes): void {
    this.#wishes = wishes;
    this.#arrange();
  }

  take(event: ModelEvent): void {
    switch (event.kind) {
      case "snapshot":
        this.rebuild();
        break;
      case "change":
        this.#put(event.observed.status.name);
        this.#arrange();
        break;
      case "gone": {
        const row = this.#rows.get(event.name);
        if (row !== undefined) this.#remove(event.name, row);
        this.#arrange();
        break;
      }
      case "sample":
        this.#sample(event);
    }
  }

  get shownCount(): number {
    return this.#shown.length;
  }

  get selected(): string | null {
    return this.#selected;
  }

  /** Moves the selection by so many rows, and the focus with it. */
  move(by: number): void {
    const at = this.#shown.findIndex((row) => row.observed.status.name === this.#selected);
    const next = this.#shown[Math.max(0, Math.min(this.#shown.length - 1, at === -1 ? 0 : at + by))];
    next?.link.focus();
    next?.root.scrollIntoView({ block: "nearest" });
  }

  close(): void {
    this.#watcher.disconnect();
    this.#queue.close();
  }

  #head(id: string, title: string, sort: string | null): HTMLElement {
    const text = sort === null ? title : button(title, () => this.#options.onSort(sort as SortBy));
    const cell = elementOf("th", { role: "columnheader", scope: "col", class: `c-${id}` }, text);
    if (sort !== null) this.#heads.set(sort, cell);
    return cell;
  }

  #put(name: string): void {
    const observed = this.#options.live.services.get(name);
    if (observed === undefined) return;
    const row = this.#rows.get(name);
    if (row !== undefined) row.update(observed);
    else this.#rows.set(name, new ServiceRow(observed));
  }

  #remove(name: string, row: ServiceRow): void {
    this.#rows.delete(name);
    this.#inView.delete(row);
    this.#queue.drop(name);
    this.#watcher.unobserve(row.root);
    row.root.remove();
    if (this.#selected === name) this.#selected = null;
  }

  #sample({ atMs }: { atMs: number }): void {
    for (const row of this.#inView) row.sample(atMs);
    // Rows out of view follow in turn, so that a tick costs the same with ten services and with a thousand.
    for (let i = 0; i < Math.min(rowsInTurn, this.#shown.length); i++) {
      this.#turn = (this.#turn + 1) % this.#shown.length;
      this.#shown[this.#turn]?.sample(atMs);
    }
    const { by } = this.#wishes.order;
    const isByFigure = by !== "state" && by !== "name" && by !== "health";
    const isBusy = this.root.matches(":hover, :focus-within");
    if (isByFigure && !isBusy && performance.now() - this.#orderedMs > reorderMs) this.#arrange();
  }

  #arrange(): void {
    this.#orderedMs = performance.now();
    const { text, filter, order } = this.#wishes;
    const { services } = this.#options.live;
    const wanted = orderedBy(
      order,
      [...services.values()].filter((observed) => isShownBy(filter, wellnessOf(observed)) && matches(text, observed)),
    );
    const before = new Set(this.#shown);
    this.#shown = wanted.flatMap(({ status }) => this.#rows.get(status.name) ?? []);
    const now = new Set(this.#shown);
    for (const row of before) if (!now.has(row)) this.#hide(row);
    this.#place();
    for (const row of this.#shown) if (!before.has(row)) this.#watcher.observe(row.root);
    for (const [by, cell] of this.#heads)
      setAttribute(cell, "aria-sort", by !== order.by ? null : isAscending(order) ? "ascending" : "descending");
    if (this.#selected === null || !now.has(this.#rows.get(this.#selected) as ServiceRow)) this.#select(this.#shown[0] ?? null);
    const hasRequests = [...services.values()].some(({ status }) => status.requests !== null);
    setAttribute(this.root, "data-requests", hasRequests ? "yes" : "no");
  }

  /** A row that has the focus must not be taken out to be moved, because it would lose the focus: the others move around it. */
  #place(): void {
    const focused = this.#shown.find(({ root }) => root.contains(document.activeElement)) ?? null;
    const at = focused === null ? -1 : this.#shown.indexOf(focused);
    let next: ChildNode | null = null;
    for (let i = this.#shown.length - 1; i >= 0; i--) {
      const { root } = this.#shown[i] as ServiceRow;
      const isInPlace: boolean = root.parentNode === this.#body && root.nextSibling === next;
      if (!isInPlace && i !== at) this.#body.insertBefore(root, next);
      else if (!isInPlace) while (root.nextSibling !== next) this.#body.insertBefore(root.nextSibling as ChildNode, root);
      next = root;
    }
  }

  #hide(row: ServiceRow): void {
    row.root.remove();
    this.#watcher.unobserve(row.root);
    this.#inView.delete(row);
    this.#queue.drop(row.observed.status.name);
  }

  #seen(entries: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const row = this.#rows.get((target as HTMLElement).dataset["name"] ?? "");
      if (row === undefined) continue;
      if (isIntersecting) {
        this.#inView.add(row);
        row.sample(this.#options.live.atMs ?? 0);
        this.#queue.add(row.observed.status.name, row.spark);
      } else {
        this.#inView.delete(row);
        this.#queue.drop(row.observed.status.name);
      }
    }
  }

  #select(row: ServiceRow | null): void {
    const before = this.#selected === null ? undefined : this.#rows.get(this.#selected);
    if (before !== undefined) {
      before.link.tabIndex = -1;
      setAttribute(before.root, "data-selected", null);
    }
    this.#selected = row?.observed.status.name ?? null;
    if (row === null) return;
    row.link.tabIndex = 0;
    setAttribute(row.root, "data-selected", "");
  }

  #focus(event: Event): void {
    const row = this.#rows.get(rowOf(event.target)?.dataset["name"] ?? "");
    if (row !== undefined && row.observed.status.name !== this.#selected) this.#select(row);
  }

  #click(event: Event): void {
    const target = event.target as Element;
    const row = rowOf(target);
    const name = row?.dataset["name"];
    if (row === null || name === undefined) return;
    const act = target.closest<HTMLElement>("[data-act]")?.dataset["act"];
    if (act !== undefined) this.#options.onAct(act as HttpAct | "logs", name);
    // Text can be selected with the mouse without opening the service.
    else if (target.closest("a") === null && getSelection()?.isCollapsed !== false) this.#rows.get(name)?.link.click();
  }
}

function rowOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("tr.service") : null;
}

const isAscending = ({ by, isReversed }: ServiceOrder): boolean => (by === "name") !== isReversed;
