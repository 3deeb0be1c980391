// Turns an ecosystem.config.* of PM2 into the input of `start`. Pure, except that it checks which scripts exist.
import { accessSync, constants, existsSync } from "node:fs";
import { extname, resolve } from "node:path";
import * as v from "valibot";
import { reasonOf, usage } from "../base/errors.ts";
import { harmless } from "../base/text.ts";
import { splitWords } from "./command-line.ts";
import { isScript } from "./entry.ts";
import { checkVariable, withoutNul } from "./environment.ts";
import type { RuntimeKind, StartInput } from "./input.ts";
import { nameFrom } from "./name.ts";
import type { ProjectService } from "./project.ts";
import { parsers } from "./values.ts";

/** `notes` lists what bs9 does not take over from the file. */
export type Ecosystem = { services: ProjectService[]; notes: string[] };

export const isEcosystem = (file: string): boolean =>
  /^(?:.*\/)?(?:ecosystem|pm2)(?:\.config\.(?:[cm]?js|[cm]?ts|json)|\.json)$/.test(file);

const Value = v.union([v.string(), v.number(), v.boolean()]);
const App = v.looseObject({
  script: v.string(),
  name: v.optional(v.string()),
  args: v.optional(v.union([v.string(), v.array(Value)])),
  cwd: v.optional(v.string()),
  env: v.optional(v.record(v.string(), v.nullable(v.unknown())), {}),
  interpreter: v.optional(v.string()),
  max_memory_restart: v.optional(v.union([v.string(), v.number()])),
});
type App = v.InferOutput<typeof App>;
const Apps = v.pipe(v.array(App), v.minLength(1), v.maxLength(1000));
const taken = new Set(Object.keys(App.entries));

/** The interpreter that PM2 uses for a script that names none and is not executable. */
const interpreters: Record<string, string> = { ".py": "python3", ".sh": "sh", ".rb": "ruby", ".pl": "perl", ".php": "php" };

/** `exported` is what the file exports; `folder` is its directory. Throws a usage error that names the app and the key. */
export function ecosystemServices(exported: unknown, file: string, folder: string): Ecosystem {
  const apps = Array.isArray(exported) ? exported : isObject(exported) && "apps" in exported ? exported["apps"] : [exported];
  const parsed = v.safeParse(Apps, apps);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw usage(`${file}: ${["apps", v.getDotPath(issue)].filter(Boolean).join(".")}: ${harmless(issue.message)}`, {
      hint: 'give each app a script, such as script: "app.js"',
    });
  }
  const notes: string[] = [];
  const beside = isObject(exported) && "apps" in exported ? Object.keys(exported).filter((key) => key !== "apps") : [];
  if (beside.length > 0) notes.push(`bs9 ignores these keys of the PM2 file: ${beside.map(harmless).join(", ")}`);
  const services = parsed.output.map((app, i) => {
    try {
      return serviceOf(app, folder, notes);
    } catch (error) {
      throw usage(`${file}: apps.${i}: ${reasonOf(error)}`, { cause: error });
    }
  });
  return { services, notes };
}

function serviceOf(app: App, folder: string, notes: string[]): ProjectService {
  const cwd = resolve(folder, app.cwd ?? ".");
  const written = app.name ?? null;
  const name = written === null ? undefined : nameFrom(written);
  if (name !== undefined && name !== written) notes.push(`the app ${JSON.stringify(harmless(written ?? ""))} becomes the service ${name}`);
  const others = Object.keys(app).filter((key) => !taken.has(key));
  if (others.length > 0) notes.push(`${name ?? app.script}: bs9 ignores these keys of the PM2 file: ${others.map(harmless).join(", ")}`);
  const args = (typeof app.args === "string" ? splitWords(app.args) : (app.args ?? []).map(String)).map((word) => withoutNul(word, "args"));
  const input: StartInput = {
    name,
    args,
    cwd,
    env: environmentOf(app.env),
    envRemoved: [],
    memoryBytes:
      app.max_memory_restart === undefined ? undefined : parsers.memoryBytes(String(app.max_memory_restart), "max_memory_restart"),
    // The file is complete: an option that is missing in it gets its default, even if the service had another value.
    reset: true,
  };
  return placed(app, resolve(cwd, app.script), input);
}

function placed({ script, interpreter }: App, file: string, input: StartInput): ProjectService {
  const isFile = existsSync(file);
  const chosen = interpreter ?? (isFile && !isScript(file) && !mayRun(file) ? interpreters[extname(file)] : undefined);
  if (chosen === undefined || chosen === "none" || isRuntime(chosen)) {
    const runtime = chosen === undefined ? undefined : isRuntime(chosen) ? chosen : ("none" as const);
    // A relative path counts from the directory of the PM2 file, not from the current directory of the shell.
    return {
      entry: isFile || (!/\s/.test(script) && (script.includes("/") || isScript(script))) ? file : script,
      input: runtime === undefined ? input : { ...input, runtime },
    };
  }
  const program = chosen.includes("/") ? resolve(input.cwd ?? "/", chosen) : chosen;
  return { entry: program, input: { ...input, name: input.name ?? nameFrom(script), args: [file, ...(input.args ?? [])] } };
}

const isRuntime = (word: string): word is Exclude<RuntimeKind, "bs9" | "none"> => word === "node" || word === "bun";

function environmentOf(env: App["env"]): Record<string, string> {
  const given = Object.entries(env).filter(([, value]) => value !== null);
  const texts = given.map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : String(value)] as const);
  for (const [name, value] of texts) checkVariable(name, value);
  return Object.fromEntries(texts);
}

function mayRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
