// `start bs9.toml` and `start ecosystem.config.js`: starts the services of the file in turn.
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Bs9Error, usage } from "../base/errors.ts";
import type { Context } from "../context.ts";
import type { Acted } from "../lifecycle/acted.ts";
import type { Deps } from "../lifecycle/deps.ts";
import { planEntry } from "../lifecycle/plan.ts";
import { nameFor } from "../lifecycle/specify.ts";
import { startEntry } from "../lifecycle/start.ts";
import { exportedBy } from "../runtime/exported.ts";
import { ecosystemServices, isEcosystem } from "../service/ecosystem.ts";
import type { StartInput } from "../service/input.ts";
import { type ProjectService, readProject } from "../service/project.ts";
import { actedResult } from "./acted.ts";
import type { Result } from "./command.ts";
import { plannedResult } from "./planned.ts";

/** True for a word that names a file of services. A word with a space is taken for a command line unless such a file exists. */
export const isServicesFile = (word: string, cwd: string): boolean =>
  (word.endsWith(".toml") || isEcosystem(word)) && (!/\s/.test(word) || existsSync(resolve(cwd, word)));

export async function startFile(word: string, options: { linger: boolean; dryRun: boolean }, context: Context): Promise<Result> {
  const services = await servicesIn(word, context);
  const deps = await context.prepare();
  checkNames(services, word, deps);
  const fileFolder = dirname(resolve(context.cwd, word));
  if (options.dryRun) {
    const planned: Result[] = [];
    for (const { entry, input } of services) planned.push(plannedResult(await planEntry(entry, { ...input, fileFolder }, deps)));
    return together(planned);
  }
  const acted: Acted[] = [];
  for (const { entry, input } of services) {
    try {
      const { name, result, readiness, findings } = await startEntry(entry, { ...input, fileFolder }, deps, options);
      acted.push({ name, result, readiness, cause: null, lines: [], code: "failed", hint: null, findings });
    } catch (error) {
      if (!(error instanceof Bs9Error) || error.code === "interrupted") throw error;
      acted.push(failureOf(input.name ?? entry, error));
    }
  }
  return actedResult("start", acted, deps, { isJson: context.settings.json });
}

async function servicesIn(word: string, { cwd, env, terminal }: Context): Promise<ProjectService[]> {
  const file = resolve(cwd, word);
  if (!isEcosystem(word)) return readProject(file);
  const { services, notes } = ecosystemServices(await exportedBy(file, cwd, env), file, dirname(file));
  for (const note of notes) terminal.note(`note: ${note}`);
  return services;
}

/** Throws if two services of the file have the same name, because the second would replace the first. */
function checkNames(services: ProjectService[], word: string, deps: Deps): void {
  const names = services.flatMap(({ entry, input }) => nameIfFound(entry, input, deps) ?? []);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw usage(`${word} has two services named ${twice}`, { hint: "give each service a different name" });
}

/** Returns the name that an entry would get. Null if the entry cannot be found; starting the entry later reports the error. */
function nameIfFound(entry: string, input: StartInput, deps: Deps): string | null {
  try {
    return nameFor(entry, input, deps);
  } catch {
    return null;
  }
}

function failureOf(name: string, error: Bs9Error): Acted {
  const { why, code, details, hint = null } = error;
  return { name, result: "failed", readiness: null, cause: why, lines: details, code, hint, findings: [] };
}

function together(results: Result[]): Result {
  return {
    value: results.flatMap(({ value }) => value as unknown[]),
    names: results.flatMap(({ names }) => names),
    text: (style) => results.flatMap(({ text }, i) => [...(i === 0 ? [] : [""]), ...text(style)]),
  };
}
