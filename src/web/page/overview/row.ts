// One service as a row of the table, which is also its card: the same cells, placed by the style sheet.
import type { Observed } from "../../../status/schema.ts";
import { drawing, elementOf, KeptText, setAttribute } from "../base/dom.ts";
import { hashOf } from "../base/place.ts";
import { ageText, bytesText, countText, healthWord, msText, percentText, wellnessOf } from "../base/words.ts";
import { Spark } from "./sparks.ts";

export type RowColumn = {
  id: string;
  title: string;
  /** What the order calls this column; null where it cannot be sorted by. */
  sort: string | null;
  text(observed: Observed): string;
};

/** The cells after the name, in their order. */
export const rowColumns: readonly RowColumn[] = [
  { id: "state", title: "State", sort: "state", text: ({ status }) => status.state },
  { id: "health", title: "Health", sort: "health", text: ({ status }) => healthWord(status) },
  { id: "cpu", title: "CPU", sort: "cpu", text: ({ status }) => percentText(status.cpuPercent) },
  { id: "memory", title: "Memory", sort: "memory", text: ({ status }) => bytesText(status.memoryBytes) },
  { id: "restarts", title: "Restarts", sort: "restarts", text: ({ status }) => countText(status.restarts) },
  { id: "uptime", title: "Uptime", sort: "uptime", text: ({ status }) => ageText(status.uptimeMs) },
  { id: "requests", title: "Req/s", sort: "requests", text: ({ status }) => countText(status.requests?.perSecond) },
  { id: "errors", title: "Errors", sort: "errors", text: ({ status }) => percentText(status.requests?.errorPercent) },
  { id: "p95", title: "p95", sort: "p95", text: ({ status }) => msText(status.requests?.p95Ms) },
  { id: "sandbox", title: "Sandbox", sort: null, text: ({ status }) => status.sandbox },
  { id: "why", title: "Why", sort: null, text: ({ status }) => status.reason ?? "" },
];

/** Cells whose text changes with each sample; the others change with the state only. */
const figureIds = new Set(["cpu", "memory", "uptime", "requests", "errors", "p95"]);
const figureIndexes = rowColumns.flatMap(({ id }, i) => (figureIds.has(id) ? [i] : []));

export class ServiceRow {
  readonly root: HTMLTableRowElement;
  readonly link: HTMLAnchorElement;
  readonly spark = new Spark();
  readonly #texts: KeptText[] = rowColumns.map(() => new KeptText());
  readonly #used = drawing("rect", { height: 4, rx: 2 });
  readonly #bar = drawing("svg", { class: "bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" }, this.#used);
  #why: HTMLElement | null = null;
  observed: Observed;

  constructor(observed: Observed) {
    const { name } = observed.status;
    this.observed = observed;
    this.link = elementOf("a", { href: hashOf("service", name), tabindex: -1 }, name);
    const sign = elementOf("span", { class: "sign", "aria-hidden": "true" });
    const cells = rowColumns.map(({ id }, i) => {
      const text = this.#texts[i]?.node ?? null;
      const more = id === "cpu" ? this.spark.root : id === "memory" ? this.#bar : null;
      const cell = elementOf("td", { role: "cell", class: `c-${id}` }, more, elementOf("span", {}, text));
      if (id === "why") this.#why = cell;
      return cell;
    });
    const act = (verb: string, title: string) =>
      elementOf("button", {
        type: "button",
        class: `icon i-${verb}`,
        "data-act": verb,
        tabindex: -1,
        "aria-label": `${title} ${name}`,
        title,
      });
    this.root = elementOf(
      "tr",
      { role: "row", class: "service", "data-name": name },
      elementOf("th", { role: "rowheader", scope: "row", class: "c-name" }, sign, this.link),
      ...cells,
      elementOf("td", { role: "cell", class: "c-acts" }, act("logs", "Logs of"), act("restart", "Restart")),
    );
    this.update(observed);
  }

  /** Takes a new state of the service. */
  update(observed: Observed): void {
    this.observed = observed;
    const { status } = observed;
    setAttribute(this.root, "data-state", status.state);
    setAttribute(this.root, "data-well", wellnessOf(observed));
    setAttribute(this.root, "data-sandbox", status.sandbox);
    for (const [i, column] of rowColumns.entries()) this.#texts[i]?.set(column.text(observed));
    if (this.#why !== null) setAttribute(this.#why, "title", status.reason);
    this.#measure();
  }

  /** Takes new figures, which are already in `observed`. */
  sample(atMs: number): void {
    for (const i of figureIndexes) this.#texts[i]?.set(rowColumns[i]?.text(this.observed) ?? "");
    this.spark.add(this.observed.status.cpuPercent, atMs);
    this.#measure();
  }

  /** The bar shows the memory against the limit; without a limit there is nothing to show. */
  #measure(): void {
    const { memoryBytes, limits } = this.observed.status;
    const limit = limits.memoryBytes?.value ?? null;
    const percent = memoryBytes === null || limit === null || limit === 0 ? null : Math.round((memoryBytes / limit) * 100);
    setAttribute(this.#bar, "data-use", percent === null ? "none" : percent >= 90 ? "high" : "normal");
    setAttribute(this.#used, "width", String(Math.min(percent ?? 0, 100)));
  }
}
