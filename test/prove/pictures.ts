// A picture of each view of the page, on a phone, a laptop and a wall screen, dark and light, into dist/pictures.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { logIn, openBrowser, whyNoBrowser } from "../page/browser.ts";
import { pageScene } from "../page/scene.ts";
import { fullToken } from "../web/scene.ts";
import type { Proof } from "./proof.ts";

const views = [
  ["overview", "#/", "tr.service"],
  ["cards", "#/", "tr.service"],
  ["service", "#/s/mailer?range=6h", ".facts .panel"],
  ["logs", "#/logs", ".line"],
  ["alerts", "#/alerts", ".figures"],
  ["host", "#/host?range=24h", ".facts .panel"],
  ["login", "", "#token"],
] as const;
const screens = [
  ["phone", 390, 844],
  ["laptop", 1280, 800],
  ["wall", 1920, 1080],
] as const;
const schemes = ["dark", "light"] as const;
const folder = join(import.meta.dir, "../../dist/pictures");
const count = "pictures of views";
/** The small charts come one after the other. */
const settleMs = 1500;

export const proof: Proof = {
  word: "pictures",
  what: "a picture of each view of the page, to look at",
  figures: [count],
  impossible: whyNoBrowser,
  async run(report) {
    mkdirSync(folder, { recursive: true });
    const scene = pageScene(undefined, false);
    const browser = await openBrowser();
    let made = 0;
    try {
      for (const [screen, width, height] of screens)
        for (const colorScheme of schemes) {
          const context = await browser.newContext({
            viewport: { width, height },
            colorScheme,
            deviceScaleFactor: screen === "phone" ? 2 : 1,
          });
          const page = await context.newPage();
          for (const [view, hash, ready] of views) {
            if (view === "login") await context.clearCookies();
            else await logIn(context, scene.url, fullToken);
            await page.goto(scene.url + hash);
            await page.evaluate(`localStorage.setItem("bs9.shape", "${view === "cards" ? "cards" : "table"}")`);
            await page.reload();
            await page.locator(ready).first().waitFor();
            scene.push(scene.sample(1));
            await Bun.sleep(settleMs);
            await page.screenshot({ path: join(folder, `${view}-${screen}-${colorScheme}.png`) });
            made++;
          }
          report.say(`${screen}, ${colorScheme}`);
          await context.close();
        }
    } finally {
      await browser.close();
      await scene.web.stop();
    }
    report.command(`ls ${folder}`);
    report.figure({ what: count, unit: "", value: made, target: { of: "value", atLeast: views.length * screens.length * schemes.length } });
  },
};
