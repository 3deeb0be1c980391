// Orphans are reaped, but never a child that Bun waits for. The test runs in a separate process that is a subreaper.
import { expect, test } from "bun:test";
import { join } from "node:path";

const source = join(import.meta.dir, "../../src");
const script = `
import { becomeSubreaper } from "${source}/supervisor/kernel.ts";
import { reapOrphans } from "${source}/supervisor/reaper.ts";
import { processes } from "${source}/base/sessions.ts";
becomeSubreaper();
const reaping = setInterval(reapOrphans, 100);
const children = Array.from({ length: 40 }, (_, i) => Bun.spawn(["sh", "-c", "(sleep 0.2 &); sleep 0." + (i % 10) + "; exit " + i], { stdio: ["ignore", "ignore", "ignore"] }));
const codes = await Promise.all(children.map((child) => child.exited));
const zombies = () => processes().filter(({ parent, isZombie }) => isZombie && parent === process.pid).length;
const sleeping = () => processes().filter(({ parent, isZombie }) => !isZombie && parent === process.pid).length;
for (let i = 0; i < 400 && (zombies() > 0 || sleeping() > 0); i++) await Bun.sleep(25);
clearInterval(reaping);
console.log(JSON.stringify({ codes, zombies: zombies(), sleeping: sleeping() }));
process.exit(0);
`;

test("40 children that Bun waits for report their exit, and their 40 orphans leave no zombie", async () => {
  const child = Bun.spawn([process.execPath, "-e", script], { stdio: ["ignore", "pipe", "inherit"], timeout: 30_000 });
  const said = JSON.parse(await new Response(child.stdout).text());
  expect(said).toEqual({ codes: Array.from({ length: 40 }, (_, i) => i), zombies: 0, sleeping: 0 });
}, 120_000);
