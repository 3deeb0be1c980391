// A real Chromium, which obeys the Content-Security-Policy of the page. Texts that run in the page are passed as strings, because
// a test has no types of a browser.
import { existsSync } from "node:fs";
import axe from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const programs = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser of this machine, or null. */
const chromiumPath: string | null = programs.find((path) => existsSync(path)) ?? null;

export function whyNoBrowser(): string | null {
  return chromiumPath === null ? "there is no Chromium here; on Debian: apt-get install chromium" : null;
}

export async function openBrowser(): Promise<Browser> {
  if (chromiumPath === null) throw new Error("there is no Chromium on this machine");
  // Chromium's own sandbox refuses to run as root.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: chromiumPath, args: [...args, "--enable-precise-memory-info", "--js-flags=--expose-gc"] });
}

/** What went wrong in the pages of a context: console errors, exceptions, and requests to other servers. */
export function troublesOf(context: BrowserContext, origin: string): string[] {
  const troubles: string[] = [];
  context.on("console", (message) => {
    // A restart of the server, and a wrong token, make the browser report the failed request by itself.
    if (message.type() === "error" || message.type() === "warning") troubles.push(`console: ${message.text()} ${message.location().url}`);
  });
  context.on("weberror", (error) => troubles.push(`exception: ${error.error().message}`));
  context.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith("data:") && !url.startsWith("blob:")) troubles.push(`request to ${url}`);
  });
  return troubles;
}

/** Logs the context in by the API, as a page does with its form. */
export async function logIn(context: BrowserContext, url: string, token: string): Promise<void> {
  const answered = await context.request.post(`${url}login`, { form: { token }, headers: { Origin: new URL(url).origin } });
  if (answered.status() !== 204) throw new Error(`the login answers ${answered.status()}`);
}

/** Asks the page again and again, because its policy forbids the waiting function of the library. */
export async function untilIn(page: Page, expression: string, timeoutMs = 10_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    if ((await page.evaluate(`Boolean(${expression})`)) === true) return;
    if (performance.now() > endMs) throw new Error(`the page did not come to: ${expression}`);
    await Bun.sleep(20);
  }
}

/** What axe finds in the page that a screen reader or a keyboard cannot use. */
export async function obstaclesIn(page: Page): Promise<unknown> {
  await page.evaluate(axe.source);
  return page.evaluate(
    "axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ': ' + target)))",
  );
}
