// The page in a real Chromium: what its first view weighs, how soon it can be used, what a tick costs with 1,000 services, and
// whether its memory stays the same over a day and more of ticks.
import { whyNoBrowser } from "../page/browser.ts";
import { firstView, heapGrowth, tickCost } from "../page/weight.ts";
import type { Proof } from "./proof.ts";

const kilobyte = 1000;
const ticks = 28_800;

const weight = "first view with 12 services, with its data, over the wire";
const usable = "first byte to a table that can be used (median of 5)";
const tick = "scripting, style and layout of a tick with 1,000 services (median of 40)";
const heap = `growth of the heap over ${ticks} ticks`;

export const proof: Proof = {
  word: "page",
  what: "the page in Chromium: its weight, its start, a tick with 1,000 services, and its memory",
  figures: [weight, usable, tick, heap],
  impossible: whyNoBrowser,
  async run(report) {
    report.command("npm run prove -- page");
    const views = [];
    for (let i = 0; i < 5; i++) views.push(await firstView(12));
    const starts = views.map(({ interactiveMs }) => interactiveMs).sort((a, b) => a - b);
    const bytes = Math.max(...views.map((view) => view.bytes));
    report.figure({ what: weight, unit: "kB", value: bytes / kilobyte, target: { of: "value", atMost: 100 } });
    report.figure({ what: usable, unit: "ms", value: starts[2] ?? Number.NaN, target: { of: "value", atMost: 300 } });
    report.say("a tick with 1,000 services");
    report.figure({ what: tick, unit: "ms", value: (await tickCost(1000, 40)).medianMs, target: { of: "value", atMost: 16 } });
    report.say(`${ticks} ticks`);
    const { beforeBytes, afterBytes } = await heapGrowth(12, ticks);
    report.figure({ what: heap, unit: "MB", value: (afterBytes - beforeBytes) / 1e6, target: { of: "value", atMost: 1 } });
  },
};
