// `npm run bench [-- NAME…]`: BS9 beside PM2, in one lab and one run. A target that is missed is told, and fails nothing.
import { chmodSync, cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Lab, lab, run, succeed, tempDir, whyNoLab } from "../harness.ts";
import { agent } from "./agent.ts";
import { type Figure, report, spread } from "./figure.ts";
import { storage } from "./storage.ts";

const pm2 = "pm2@7.0.4";
const names = ["version", "restart", "status", "supervisor", "logs"];
/** Of bs9 alone, on this machine: PM2 keeps no samples. */
const alone: Record<string, () => Promise<string[]>> = { storage, agent };

const known = [...names, ...Object.keys(alone)];
const given = process.argv.slice(2);
const unknown = given.find((name) => !known.includes(name));
const asked = given.length === 0 ? known : given;
const compared = asked.filter((name) => names.includes(name));
const impossible = unknown === undefined ? whyNoLab() : `there is no benchmark ${unknown}; there are ${known.join(", ")}`;
if (unknown !== undefined || (compared.length > 0 && impossible !== null)) console.log(`not measured: ${impossible}`);
else if (compared.length > 0) await compare(compared);
if (unknown === undefined) for (const name of asked) if (alone[name] !== undefined) console.log((await alone[name]()).join("\n"));

async function compare(wanted: string[]): Promise<void> {
  const folder = tempDir();
  try {
    await furnish(folder);
    await using it = await lab("bn", { keepNode: true, folder });
    succeed(await it.asUser("ops", ["sh", "-c", "cp -r /src/. ."], { timeoutMs: 120_000 }), "cp");
    const figures: Figure[] = [];
    for (const name of wanted) figures.push(...(await measure(name, it)));
    console.log(["", ...report(figures)].join("\n"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A home with PM2 and Bun on its PATH; what is measured there is called from there, with nothing in between. */
async function furnish(folder: string): Promise<void> {
  const root = join(import.meta.dir, "../..");
  for (const path of ["test/bench", "src/base/table.ts"]) cpSync(join(root, path), join(folder, path), { recursive: true });
  cpSync(process.execPath, join(folder, ".local/bin/bun"));
  chmodSync(folder, 0o755);
  await Bun.write(join(folder, "pm2/package.json"), "{}");
  const install = `cd "$1/pm2" && "$2" add --silent --ignore-scripts ${pm2} && ln -s ../../pm2/node_modules/.bin/pm2 ../.local/bin/pm2`;
  succeed(await run(["sh", "-c", install, "sh", folder, process.execPath], { timeoutMs: 300_000 }), `install ${pm2}`);
}

async function measure(name: string, it: Lab): Promise<Figure[]> {
  console.log(`measuring ${name} …`);
  const { stdout } = succeed(await it.asUser("ops", ["bun", "test/bench/inside.ts", name], { timeoutMs: 20 * 60_000 }), name);
  const figures = JSON.parse(stdout) as Figure[];
  for (const { what, unit, bs9, pm2 } of figures)
    console.log(`  ${what}: bs9 ${spread(bs9, unit)}, PM2 ${spread(pm2, unit)}, ${bs9.length} rounds`);
  return figures;
}
