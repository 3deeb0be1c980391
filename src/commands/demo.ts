// bs9 demo: a page and a load on it, as two services, to look around; --stop leaves nothing of them.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { listeners } from "../backend/sockets.ts";
import { failed } from "../base/errors.ts";
import { makeFolder, writeWhole } from "../base/files.ts";
import { isWithin, type Paths } from "../base/paths.ts";
import { shellWord } from "../base/text.ts";
import type { Context } from "../context.ts";
import { deleteDefined } from "../lifecycle/acts.ts";
import type { Deps } from "../lifecycle/deps.ts";
import { observe } from "../lifecycle/observe.ts";
import { startEntry } from "../lifecycle/start.ts";
import type { StartInput } from "../service/input.ts";
import type { Spec } from "../service/spec.ts";
import { actedLine, actedValue } from "./acted.ts";
import type { Command, Result, Words } from "./command.ts";
import { loadProgram, pageProgram } from "./demo-app.ts";
import { flagOf } from "./options.ts";

const firstPort = 3000;
const names = ["demo-web", "demo-load"];
/** Says that the folder is bs9's own to remove. */
const mark = ".made-by-bs9-demo";

export const demoCommand: Command = {
  name: "demo",
  synopsis: "",
  summary: "a sample app and a load on it, to look around",
  options: [{ flags: "--stop", text: "end it and remove all of it" }],
  examples: ["bs9 demo", "bs9 demo --stop"],
  exits: [1, 5],
  async run(given: Words, context: Context): Promise<Result> {
    const deps = await context.prepare();
    const folder = folderOf(context.paths);
    return flagOf(given.options, "stop") ? stop(folder, deps) : start(folder, deps);
  },
};

/** A folder of its own beside those of bs9, which no service is let into. */
const folderOf = ({ home, bs9Home }: Paths): string => (bs9Home === null ? join(home, "bs9-demo") : join(bs9Home, "demo"));

async function start(folder: string, deps: Deps): Promise<Result> {
  if (existsSync(folder) && !existsSync(join(folder, mark)))
    throw failed(`${folder} is there, and not of this demo`, { hint: `mv ${shellWord(folder)} ${shellWord(folder)}.mine` });
  const foreign = names.find((name) => isForeign(deps.registry.get(name), folder));
  if (foreign !== undefined) throw failed(`there is a service ${foreign} that is not of this demo`, { hint: `bs9 describe ${foreign}` });
  makeFolder(folder);
  for (const [file, text] of [
    [mark, ""],
    ["package.json", "{}\n"],
    ["web.ts", pageProgram],
    ["load.ts", loadProgram],
  ] as const)
    writeWhole(join(folder, file), text, 0o600);
  const known = deps.registry.get("demo-web")?.port ?? null;
  const port = known ?? freePort();
  const started = [
    await startEntry(join(folder, "web.ts"), { ...input("demo-web"), port, health: { kind: "path", path: "/" } }, deps, { linger: false }),
    await startEntry(join(folder, "load.ts"), { ...input("demo-load"), env: { DEMO_PORT: String(port) } }, deps, { linger: false }),
  ];
  const observed = new Map((await observe(names, deps)).map((one) => [one.status.name, one]));
  return {
    value: started.map((one) => actedValue(one, observed.get(one.name))),
    names,
    text: (style) => [
      ...started.map((one) => actedLine(one.name, one.result, one.readiness, observed.get(one.name), style)),
      "",
      `  http://127.0.0.1:${port}/        the page; /crash ends it, and it comes back`,
      "  bs9 status --watch            both of them",
      "  bs9 logs 'demo-*' -f          what they say",
      "  bs9 describe demo-web         its sandbox, limits, events",
      "  bs9 demo --stop               ends it",
    ],
  };
}

async function stop(folder: string, deps: Deps): Promise<Result> {
  const known = names.map((name) => deps.registry.get(name)).filter((spec) => spec !== null);
  const defined = known.filter((spec) => !isForeign(spec, folder)).map(({ name }) => name);
  const deleted = await deleteDefined(defined, deps);
  if (existsSync(join(folder, mark))) rmSync(folder, { recursive: true, force: true });
  return {
    value: deleted.map(({ name, result }) => ({ name, result, status: null, findings: [] })),
    names: defined,
    text: (style) =>
      deleted.length === 0 ? ["there is no demo"] : deleted.map(({ name, result }) => actedLine(name, result, null, undefined, style)),
  };
}

function isForeign(spec: Spec | null, folder: string): boolean {
  return spec !== null && !isWithin(spec.entry.path, folder);
}

function input(name: string): StartInput {
  return { name, env: {}, envRemoved: [], reset: true };
}

function freePort(): number {
  const taken = new Set(listeners().map(({ port }) => port));
  for (let port = firstPort; port < firstPort + 1000; port++) if (!taken.has(port)) return port;
  return firstPort;
}
