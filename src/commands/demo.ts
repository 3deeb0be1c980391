// bs9 demo: starts a web page, and a program that sends it requests, as two services to try bs9 out. --stop removes both.

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
/** This file marks the directory as created by `bs9 demo`, so that --stop may remove it. */
const mark = ".made-by-bs9-demo";

export const demoCommand: Command = {
  name: "demo",
  synopsis: "",
  summary: "start a sample app, and a program that sends it requests, to try bs9 out",
  options: [{ flags: "--stop", text: "stop the demo and remove its services and files" }],
  examples: ["bs9 demo", "bs9 demo --stop"],
  exits: [1, 5],
  async run(given: Words, context: Context): Promise<Result> {
    const deps = await context.prepare();
    const folder = folderOf(context.paths);
    return flagOf(given.options, "stop") ? stop(folder, deps) : start(folder, deps);
  },
};

/** The directory of the demo is outside the directories of bs9, because services cannot access those. */
const folderOf = ({ home, bs9Home }: Paths): string => (bs9Home === null ? join(home, "bs9-demo") : join(bs9Home, "demo"));

async function start(folder: string, deps: Deps): Promise<Result> {
  if (existsSync(folder) && !existsSync(join(folder, mark)))
    throw failed(`${folder} exists already, and does not belong to this demo`, {
      hint: `mv ${shellWord(folder)} ${shellWord(folder)}.mine`,
    });
  const foreign = names.find((name) => isForeign(deps.registry.get(name), folder));
  if (foreign !== undefined)
    throw failed(`the service ${foreign} exists already, and does not belong to this demo`, { hint: `bs9 describe ${foreign}` });
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
      `  http://127.0.0.1:${port}/        the page; /crash ends the app, which is then restarted`,
      "  bs9 status --watch            both services",
      "  bs9 logs 'demo-*' -f          their log lines",
      "  bs9 describe demo-web         its sandbox, limits, events",
      "  bs9 demo --stop               stops the demo",
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
      deleted.length === 0
        ? ["the demo is not running"]
        : deleted.map(({ name, result }) => actedLine(name, result, null, undefined, style)),
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
