// The tiles above the table: the few numbers that say how the host does.

import { drawing, elementOf, KeptText, setAttribute } from "../base/dom.ts";
import type { LiveServices } from "../base/live.ts";
import { hashOf } from "../base/place.ts";
import { bytesText, countText, isKnown, percentText, plural, unknownText } from "../base/words.ts";
import { countsOf } from "./ordering.ts";

type Shown = { value: string; note: string; share: number | null; tone: "plain" | "good" | "bad" | "warn" };
type TileRow = { title: string; href: string; of(live: LiveServices): Shown };

const toneOf = (percent: number | null): Shown["tone"] => (percent === null || percent < 85 ? "plain" : percent < 95 ? "warn" : "bad");

/** Before the first snapshot nothing is known, so that no tile claims anything. */
const unread: Shown = { value: unknownText, note: "reading …", share: null, tone: "plain" };

const tileRows: readonly TileRow[] = [
  {
    title: "Running",
    href: hashOf("overview", "", { state: "running" }),
    of({ services }) {
      const counts = countsOf(services.values());
      const stopped = counts.stopped === 0 ? "" : `, ${counts.stopped} stopped`;
      return { value: `${counts.running}`, note: `of ${counts.all}${stopped}`, share: null, tone: "plain" };
    },
  },
  {
    title: "Not well",
    href: hashOf("overview", "", { state: "notwell" }),
    of({ services, alerts }) {
      const { notwell } = countsOf(services.values());
      const firing = (alerts ?? []).filter(({ state }) => state !== "pending").length;
      const note =
        alerts === null ? "alerts are not watched" : firing === 0 ? "no alert" : `${firing} ${firing === 1 ? "alert" : "alerts"}`;
      return { value: `${notwell}`, note, share: null, tone: notwell > 0 ? "bad" : "good" };
    },
  },
  {
    title: "CPU of the host",
    href: hashOf("host"),
    of({ host }) {
      const [used, cores] = [host?.["cpuPercent"], host?.["cores"]];
      const percent = isKnown(used) && isKnown(cores) && cores > 0 ? used / cores : null;
      const note = isKnown(cores) ? `${plural(cores, "core")}, load ${countText(host?.["load1"])}` : "not measured";
      return { value: percentText(percent), note, share: percent, tone: toneOf(percent) };
    },
  },
  {
    title: "Memory of the host",
    href: hashOf("host"),
    of({ host }) {
      const percent = host?.["memoryPercent"] ?? null;
      const note = host === null ? "not measured" : `${bytesText(host["memoryBytes"])} of ${bytesText(host["memoryTotalBytes"])}`;
      return { value: percentText(percent), note, share: percent, tone: toneOf(percent) };
    },
  },
  {
    title: "Requests",
    href: hashOf("overview", "", { sort: "requests" }),
    of({ services }) {
      const known = [...services.values()].flatMap(({ status }) => status.requests ?? []);
      if (known.length === 0) return { value: unknownText, note: "no service reports any", share: null, tone: "plain" };
      const rate = known.reduce((sum, { perSecond }) => sum + perSecond, 0);
      const failing = known.filter(({ errorPercent }) => (errorPercent ?? 0) > 0).length;
      const note = failing === 0 ? "no errors" : `${failing} with errors`;
      return { value: `${countText(Math.round(rate * 10) / 10)}/s`, note, share: null, tone: failing > 0 ? "warn" : "plain" };
    },
  },
];

export class Tiles {
  readonly root = elementOf("div", { class: "tiles" });
  readonly #live: LiveServices;
  readonly #tiles: { row: TileRow; update(shown: Shown): void }[];

  constructor(live: LiveServices) {
    this.#live = live;
    this.#tiles = tileRows.map((row) => {
      const [value, note] = [new KeptText(), new KeptText()];
      const used = drawing("rect", { height: 4 });
      const bar = drawing("svg", { class: "bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" }, used);
      const tile = elementOf(
        "a",
        { class: "tile", href: row.href },
        elementOf("span", { class: "tile-title" }, row.title),
        elementOf("span", { class: "tile-value" }, value.node),
        elementOf("span", { class: "tile-note" }, note.node),
        bar,
      );
      this.root.append(tile);
      const update = (shown: Shown) => {
        value.set(shown.value);
        note.set(shown.note);
        setAttribute(tile, "data-tone", shown.tone);
        setAttribute(bar, "data-use", shown.share === null ? "none" : shown.tone === "plain" ? "normal" : "high");
        setAttribute(used, "width", (shown.share ?? 0).toFixed(1));
      };
      return { row, update };
    });
    this.update();
  }

  update(): void {
    for (const { row, update } of this.#tiles) update(this.#live.atMs === null ? unread : row.of(this.#live));
  }
}
