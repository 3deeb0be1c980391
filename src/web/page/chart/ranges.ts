// The range of time of the charts: one of the usual ones up to now, or a part of the past that the user zoomed into.
import { button, elementOf, setAttribute } from "../base/dom.ts";
import type { KeyAction } from "../base/keys.ts";
import { replaceQuery } from "../base/page.ts";
import { hashOf, type Place } from "../base/place.ts";
import { momentText } from "../base/words.ts";
import type { ChartRange } from "./series.ts";

const minuteMs = 60_000;
const usualRanges = [
  { word: "15m", ms: 15 * minuteMs },
  { word: "1h", ms: 60 * minuteMs },
  { word: "6h", ms: 6 * 60 * minuteMs },
  { word: "24h", ms: 24 * 60 * minuteMs },
  { word: "7d", ms: 7 * 24 * 60 * minuteMs },
  { word: "30d", ms: 30 * 24 * 60 * minuteMs },
] as const;
const usual = usualRanges[1];

/** `isLive`: the range ends now, and moves on with the clock. */
export type ShownRange = ChartRange & { word: string; isLive: boolean };

export function rangeOf({ query }: Place, nowMs: number): ShownRange {
  const [fromMs, toMs] = [Number(query["from"]), Number(query["to"])];
  const found = usualRanges.find(({ word }) => word === query["range"]) ?? usual;
  if (fromMs > 0 && toMs > fromMs) return { fromMs, toMs, word: found.word, isLive: false };
  return { fromMs: nowMs - found.ms, toMs: nowMs, word: found.word, isLive: true };
}

const targetPoints = 300;
const fastestStepMs = 5000;

export function stepFor({ fromMs, toMs }: ChartRange): number {
  return Math.max(fastestStepMs, Math.ceil((toMs - fromMs) / targetPoints / 1000) * 1000);
}

export class RangeBar {
  readonly root: HTMLElement;
  readonly #place: () => Place;
  readonly #buttons: { word: string; node: HTMLButtonElement }[];
  readonly #past = elementOf("span", { class: "past", role: "status" });
  readonly #live = button("Back to live", () => this.live(), { class: "primary" });

  constructor(place: () => Place) {
    this.#place = place;
    this.#buttons = usualRanges.map(({ word }) => ({ word, node: button(word, () => this.#choose(word), { class: "chip" }) }));
    const group = elementOf(
      "div",
      { class: "chips", role: "group", "aria-label": "Range of the charts" },
      ...this.#buttons.map(({ node }) => node),
    );
    this.root = elementOf("div", { class: "ranges" }, group, this.#past, this.#live);
    this.update();
  }

  update(): void {
    const range = rangeOf(this.#place(), Date.now());
    for (const { word, node } of this.#buttons) setAttribute(node, "aria-pressed", String(range.isLive && word === range.word));
    this.#past.textContent = range.isLive ? "" : `${momentText(range.fromMs)} to ${momentText(range.toMs)}`;
    this.#live.hidden = range.isLive;
  }

  /** Each zoom is an entry in the history of the browser, so that going back zooms out. */
  zoom({ fromMs, toMs }: ChartRange): void {
    const { view, name, query } = this.#place();
    location.hash = hashOf(view, name, { ...query, from: String(fromMs), to: String(toMs) });
  }

  live(): void {
    replaceQuery(this.#place(), { from: null, to: null });
  }

  keys(): KeyAction[] {
    return [
      { keys: ["+"], text: "shorter range", run: () => this.#step(-1) },
      { keys: ["-"], text: "longer range", run: () => this.#step(1) },
      { keys: ["["], text: "earlier", run: () => this.#pan(-0.5) },
      { keys: ["]"], text: "later", run: () => this.#pan(0.5) },
      { keys: ["0"], text: "back to live", run: () => this.live() },
    ];
  }

  #choose(word: string): void {
    replaceQuery(this.#place(), { range: word === usual.word ? null : word, from: null, to: null });
  }

  #step(by: number): void {
    const at = usualRanges.findIndex(({ word }) => word === rangeOf(this.#place(), Date.now()).word);
    const next = usualRanges[Math.max(0, Math.min(usualRanges.length - 1, at + by))];
    if (next !== undefined) this.#choose(next.word);
  }

  #pan(share: number): void {
    const { fromMs, toMs } = rangeOf(this.#place(), Date.now());
    const byMs = Math.round((toMs - fromMs) * share);
    if (toMs + byMs >= Date.now()) this.live();
    else replaceQuery(this.#place(), { from: String(fromMs + byMs), to: String(toMs + byMs) });
  }
}
