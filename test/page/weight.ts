// Measures the page in a real Chromium, on a server with services that the measurement decides.
import type { CDPSession, Page } from "playwright-core";
import { fullToken } from "../web/scene.ts";
import { logIn, openBrowser, untilIn } from "./browser.ts";
import { type PageScene, pageScene } from "./scene.ts";

export type FirstView = { bytes: number; interactiveMs: number };
export type TickCost = { p95Ms: number; medianMs: number };
export type HeapGrowth = { beforeBytes: number; afterBytes: number };

type Seen = { page: Page; scene: PageScene; devtools: CDPSession };

async function inPage<T>(services: number, work: (seen: Seen) => Promise<T>): Promise<T> {
  const scene = pageScene(services);
  const browser = await openBrowser();
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    await logIn(context, scene.url, fullToken);
    const page = await context.newPage();
    return await work({ page, scene, devtools: await context.newCDPSession(page) });
  } finally {
    await browser.close();
    await scene.web.stop();
  }
}

/** Remembers when the first row of the table was there, and the next frame could be drawn. */
const watchFirstRow = `new MutationObserver((_, own) => {
  if (document.querySelector("tr.service") === null) return;
  own.disconnect();
  requestAnimationFrame(() => setTimeout(() => { globalThis.firstRowMs = performance.now(); }, 0));
}).observe(document, { childList: true, subtree: true });`;

/** What comes over the wire until the table, its small charts and the last acts are there, and how soon it can be used. */
export function firstView(services: number): Promise<FirstView> {
  return inPage(services, async ({ page, scene, devtools }) => {
    let bytes = 0;
    await devtools.send("Network.enable");
    devtools.on("Network.loadingFinished", (event) => {
      bytes += event.encodedDataLength;
    });
    devtools.on("Network.webSocketFrameReceived", ({ response }) => {
      bytes += response.payloadData.length;
    });
    await page.addInitScript(watchFirstRow);
    await page.goto(scene.url);
    await untilIn(page, "globalThis.firstRowMs !== undefined");
    await page.waitForLoadState("networkidle");
    const interactiveMs = Number(
      await page.evaluate('globalThis.firstRowMs - performance.getEntriesByType("navigation")[0].responseStart'),
    );
    return { bytes, interactiveMs };
  });
}

/** Scripting, style and layout of each of `ticks` ticks with so many services, after a few to warm up. */
export function tickCost(services: number, ticks: number): Promise<TickCost> {
  return inPage(services, async ({ page, scene, devtools }) => {
    await page.goto(scene.url);
    await untilIn(page, `document.querySelectorAll("tr.service").length === ${services}`, 30_000);
    await page.waitForLoadState("networkidle");
    await devtools.send("Performance.enable");
    const spentMs = async () => {
      const { metrics } = await devtools.send("Performance.getMetrics");
      const parts = metrics.filter(({ name }) => ["ScriptDuration", "RecalcStyleDuration", "LayoutDuration"].includes(name));
      return parts.reduce((sum, { value }) => sum + value * 1000, 0);
    };
    const costs: number[] = [];
    for (let tick = 1; tick <= warmTicks + ticks; tick++) {
      const before = await spentMs();
      scene.push(scene.sample(tick));
      await untilTick(page, tick);
      await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
      if (tick > warmTicks) costs.push((await spentMs()) - before);
    }
    costs.sort((a, b) => a - b);
    return { p95Ms: costs[Math.floor(costs.length * 0.95)] ?? Number.NaN, medianMs: costs[Math.floor(costs.length / 2)] ?? Number.NaN };
  });
}

/** How many texts and attributes one tick writes. */
export function tickWrites(services: number): Promise<number> {
  return inPage(services, async ({ page, scene }) => {
    await page.goto(scene.url);
    await untilIn(page, `document.querySelectorAll("tr.service").length === ${services}`, 30_000);
    await page.evaluate(`globalThis.writes = 0;
      new MutationObserver((records) => { globalThis.writes += records.length; })
        .observe(document.querySelector(".services"), { subtree: true, childList: true, characterData: true, attributes: true })`);
    scene.push(scene.sample(1));
    await untilTick(page, 1);
    return Number(await page.evaluate("globalThis.writes"));
  });
}

const warmTicks = 5;

/** The scene shows the number of the tick as the CPU of its first service. */
function untilTick(page: Page, tick: number): Promise<void> {
  return untilIn(page, `document.querySelector('tr.service[data-name="api"] .c-cpu span').textContent === "${tick + 1000}%"`, 60_000);
}

const together = 100;

/** The heap of the page before and after so many ticks, which come as fast as the page takes them. */
export function heapGrowth(services: number, ticks: number): Promise<HeapGrowth> {
  return inPage(services, async ({ page, scene }) => {
    await page.goto(scene.url);
    await untilIn(page, `document.querySelectorAll("tr.service").length === ${services}`, 30_000);
    const heapBytes = async () => Number(await page.evaluate("gc(), gc(), performance.memory.usedJSHeapSize"));
    const feed = async (from: number, to: number) => {
      for (let tick = from; tick < to; ) {
        for (let i = 0; i < together && tick < to; i++) scene.push(scene.sample(++tick));
        await untilTick(page, tick);
      }
    };
    const warm = Math.ceil(ticks / 20);
    await feed(0, warm);
    const beforeBytes = await heapBytes();
    await feed(warm, ticks);
    return { beforeBytes, afterBytes: await heapBytes() };
  });
}
