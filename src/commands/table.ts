// The table of commands; each is loaded when it is called, for loading all would double the time of `bs9 version`.
import type { Command } from "./command.ts";

const loaders: Record<string, () => Promise<Command>> = {
  start: async () => (await import("./start.ts")).start,
  stop: async () => (await import("./acts.ts")).stop,
  restart: async () => (await import("./acts.ts")).restart,
  delete: async () => (await import("./acts.ts")).remove,
  status: async () => (await import("./status.ts")).status,
  logs: async () => (await import("./logs.ts")).logs,
  describe: async () => (await import("./describe.ts")).describe,
  history: async () => (await import("./history.ts")).history,
  config: async () => (await import("./config.ts")).config,
  doctor: async () => (await import("./doctor.ts")).doctor,
  audit: async () => (await import("./audit.ts")).audit,
  completion: async () => (await import("./completion.ts")).completionCommand(allCommands),
  export: async () => (await import("./export.ts")).exportSamples,
  run: async () => (await import("./run.ts")).run,
  demo: async () => (await import("./demo.ts")).demo,
  version: async () => (await import("./version.ts")).version,
};

/** In the order of `help`. */
export function allCommands(): Promise<Command[]> {
  return Promise.all(Object.values(loaders).map((load) => load()));
}

/** The one command of that name where there is one, else all: for an alias, or for the word that was probably meant. */
export async function commandsFor(word: string | undefined): Promise<Command[]> {
  const load = word !== undefined && Object.hasOwn(loaders, word) ? loaders[word] : undefined;
  return load === undefined ? allCommands() : [await load()];
}
