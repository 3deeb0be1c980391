// The page in a real Chromium, with three real services: what a user does with the mouse, with the keyboard alone, and what a
// screen reader needs.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { freePort, until } from "../harness.ts";
import { Place } from "../supervisor/bs9.ts";
import { obstaclesIn, openBrowser, troublesOf, untilIn, whyNoBrowser } from "./browser.ts";
import { heapGrowth, tickWrites } from "./weight.ts";

const why = whyNoBrowser();
if (why !== null) console.error(`the tests of the page are skipped: ${why}`);

const names = ["api", "mailer", "worker"];
const app = `let n = 0;
console.log("listening");
console.error("ERROR connect ECONNREFUSED 127.0.0.1:6379");
console.log("<img src=x onerror='document.title=1'><b>markup</b>");
setInterval(() => console.log("tick " + n++), 100);
`;

let place: Place;
let running: ReturnType<Place["run"]>;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let url = "";
let token = "";
let troubles: string[] = [];

const row = (name: string) => page.locator(`tr.service[data-name="${name}"]`);
const isFailed = (name: string) => `document.querySelector('tr.service[data-name="${name}"]')?.dataset.state === "failed"`;

async function runsAgain(name: string): Promise<void> {
  await until(async () => (await place.statusOf(name)).state === "active", { what: `${name} runs` });
}

describe.skipIf(why !== null)("the page", () => {
  beforeAll(async () => {
    place = new Place();
    for (const name of names) place.write(`${name}/app.ts`, app);
    place.write("bs9.toml", names.map((name) => `[services.${name}]\nentry = "${name}/app.ts"\nrestart = "no"\n`).join("\n"));
    const port = freePort();
    url = `http://127.0.0.1:${port}/`;
    running = place.run(["run", "bs9.toml", "--port", String(port), "--json"]);
    await until(async () => (await fetch(`${url}healthz`).catch(() => null))?.ok === true, { what: "the server answers" });
    token = place.read("bs9/config/web.token").trim();
    for (const name of names) await runsAgain(name);
    browser = await openBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    running?.kill("SIGTERM");
    await running?.exited;
    await place?.down();
  }, 60_000);

  test("a wrong token is refused with a sentence, and the right one opens the overview", async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    page = await context.newPage();
    await page.goto(url);
    await page.getByLabel("Token").fill("a token that is wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText("the token is wrong").waitFor();
    troubles = troublesOf(context, url.slice(0, -1));
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Log in" }).click();
    for (const name of names) await row(name).waitFor();
    expect(await page.getByText("All 3 services that should run are well.").count()).toBe(1);
  }, 60_000);

  test("three killed services are shown as failed within a second, and one comes back by a confirmed restart", async () => {
    const pids = await Promise.all(names.map((name) => place.pidOf(name)));
    const killedMs = performance.now();
    for (const pid of pids) process.kill(pid, "SIGKILL");
    await untilIn(page, names.map(isFailed).join(" && "));
    expect(performance.now() - killedMs).toBeLessThan(1000);
    await untilIn(page, 'document.title.startsWith("(3 not well)")');

    await row("api").getByRole("button", { name: "Restart api" }).click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.getByRole("heading").textContent()).toContain("Restart api on ");
    // Cancel has the focus, so that Enter alone does nothing.
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Cancel");
    await dialog.getByRole("button", { name: "Restart api" }).click();
    await page.getByText("api restarted").waitFor();
    await untilIn(page, `!(${isFailed("api")})`);
    expect((await place.statusOf("api")).state).toBe("active");
  }, 60_000);

  test("an alert is acknowledged, and shown with who did it", async () => {
    await page.getByRole("link", { name: /^Alerts/ }).click();
    await page.getByRole("button", { name: /^Acknowledge .* of mailer$/ }).click();
    await page.locator(".alert", { hasText: "mailer" }).getByText("acknowledged by").waitFor();
    const { stdout } = await place.bs9("alert", "--json");
    expect(stdout).toContain('"ackedBy":');
  }, 60_000);

  test("dragging over a chart zooms into it, and back is out again", async () => {
    await page.goto(`${url}#/s/api?range=15m`);
    await page.locator(".chart canvas").first().waitFor();
    const box = await page.locator(".chart .u-over").first().boundingBox();
    if (box === null) throw new Error("the chart has no place");
    await page.mouse.move(box.x + box.width * 0.5, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.9, box.y + 30, { steps: 5 });
    await page.mouse.up();
    await untilIn(page, 'location.hash.includes("from=")');
    await page.getByRole("button", { name: "Back to live" }).waitFor();
    await page.goBack();
    await untilIn(page, '!location.hash.includes("from=")');
    // The names of its variables are shown, and nothing of their values.
    await page.getByText("SERVICE_NAME", { exact: true }).first().waitFor();
  }, 60_000);

  test("logs are followed and searched, and markup in a line is text", async () => {
    await page.goto(`${url}#/logs?services=api`);
    const list = page.getByRole("log");
    await list.getByText("tick").first().waitFor();
    const last = () => page.evaluate("Number(/tick (\\d+)/.exec([...document.querySelectorAll('.line')].at(-1).textContent)?.[1] ?? -1)");
    const before = Number(await last());
    await until(async () => Number(await last()) > before + 10, { what: "new lines at the end" });
    await page.getByLabel("Search the log lines").fill("onerror");
    await list.getByText("<b>markup</b>").first().waitFor();
    expect(await page.evaluate("document.querySelectorAll('.lines img').length")).toBe(0);
    expect(await page.title()).toStartWith("(2 not well) Logs");
    await page.getByLabel("Search the log lines").fill("");
    await page.getByLabel("Level").selectOption("error");
    await untilIn(
      page,
      "[...document.querySelectorAll('.line')].every((line) => line.dataset.level === 'error') && document.querySelector('.line') !== null",
    );
  }, 60_000);

  test("five tasks by keyboard alone", async () => {
    await page.goto(url);
    await row("worker").waitFor();
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    // Find the failing service: the worst comes first.
    await press("/");
    await page.keyboard.type("worker");
    await press("Enter");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("worker");
    // Read its last error.
    await press("l");
    await page.getByRole("log").getByText("ECONNREFUSED").first().waitFor();
    // The very last errors are bs9's own lines about the kill; the app's own come before.
    const found = "document.querySelector('.line[data-found]')?.textContent";
    for (let i = 0; i < 5 && !String(await page.evaluate(found)).includes("ECONNREFUSED"); i++) await press("E");
    expect(await page.evaluate(found)).toContain("ECONNREFUSED");
    // Silence its alert.
    await press("g", "a");
    await page.locator(".alert", { hasText: "worker" }).waitFor();
    for (
      let i = 0;
      i < 5 && (await page.evaluate("document.activeElement?.tagName + document.activeElement?.textContent")) !== "Aworker";
      i++
    )
      await press("j");
    await press("z");
    await page.getByRole("dialog").waitFor();
    await press("Tab", "Enter");
    await page.locator(".alert", { hasText: "worker" }).getByText("silent").waitFor();
    // Restart it.
    await press("g", "o");
    await row("worker").waitFor();
    await press("/");
    await page.keyboard.type("worker");
    await press("Enter", "r");
    await page.getByRole("dialog").waitFor();
    await press("Tab", "Enter");
    await page.getByText("worker restarted").waitFor();
    // Change the range of its charts.
    await row("worker").waitFor();
    await press("Enter");
    await page.getByRole("button", { name: "1h", pressed: true }).waitFor();
    await press("-");
    await page.getByRole("button", { name: "6h", pressed: true }).waitFor();
    expect((await place.statusOf("worker")).state).toBe("active");
  }, 60_000);

  test("axe finds nothing in any view, on a dark phone and a light screen", async () => {
    for (const [colorScheme, width] of [
      ["dark", 390],
      ["light", 1280],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      for (const [hash, ready] of [
        ["#/", "tr.service"],
        ["#/s/api", ".facts .panel"],
        ["#/logs", ".line"],
        ["#/alerts", ".alerts-view .panel"],
        ["#/host", ".facts .panel"],
      ] as const) {
        await page.goto(url + hash);
        await page.locator(ready).first().waitFor();
        expect({ hash, width, colorScheme, found: await obstaclesIn(page) }).toEqual({ hash, width, colorScheme, found: [] });
      }
    }
  }, 120_000);

  test("a page that nobody sees has no connection, and comes back with what it missed", async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(url);
    await row("api").waitFor();
    const hide = (state: string) =>
      page.evaluate(
        `Object.defineProperty(document, "visibilityState", { value: "${state}", configurable: true }); document.dispatchEvent(new Event("visibilitychange"))`,
      );
    let asked = 0;
    await hide("hidden");
    await page.getByText("paused").waitFor();
    page.on("request", () => asked++);
    process.kill(await place.pidOf("api"), "SIGKILL");
    await until(async () => (await place.statusOf("api")).state === "failed", { what: "api has failed" });
    expect([asked, await page.evaluate(isFailed("api"))]).toEqual([0, false]);
    await hide("visible");
    await untilIn(page, isFailed("api"));
  }, 60_000);

  test("export --format html is one file that shows its charts without a server, and loads nothing", async () => {
    await until(async () => (await place.bs9("export", "--quiet")).stdout.includes("api"), { what: "samples to export" });
    const { code, stdout } = await place.bs9("export", "--format", "html", "--output", "week.html");
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/week\.html: \d+ rows?, \d+K, from .* to /) });
    const file = `file://${place.folder}/week.html`;
    const alone = await browser.newContext();
    const inFile = troublesOf(alone, file);
    const reader = await alone.newPage();
    await reader.goto(`${file}#api`);
    await reader.getByRole("heading", { name: "api", exact: true }).waitFor();
    await reader.locator(".chart canvas").first().waitFor();
    await reader.getByRole("link", { name: "the host" }).click();
    await reader.getByRole("heading", { name: "Network" }).waitFor();
    expect(inFile).toEqual([]);
    await alone.close();
  }, 60_000);

  test("with 1,000 services a tick writes the rows in view and some of the others, and 300 ticks leave the heap as it was", async () => {
    const writes = await tickWrites(1000);
    expect(writes).toBeGreaterThan(20);
    expect(writes).toBeLessThan(2000);
    const { beforeBytes, afterBytes } = await heapGrowth(12, 300);
    expect(afterBytes - beforeBytes).toBeLessThan(2_000_000);
  }, 120_000);

  test("nothing was loaded from elsewhere, and the console is empty", () => expect(troubles).toEqual([]));
});
