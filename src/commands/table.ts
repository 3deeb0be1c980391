// The table of commands; each is loaded when it is called, for loading all would double the time of `bs9 version`.
import type { Command } from "./command.ts";

const loaders: Record<string, () => Promise<Command>> = {
  start: async () => (await import("./start.ts")).startCommand,
  stop: async () => (await import("./acts.ts")).stopCommand,
  restart: async () => (await import("./acts.ts")).restartCommand,
  delete: async () => (await import("./acts.ts")).deleteCommand,
  status: async () => (await import("./status.ts")).statusCommand,
  logs: async () => (await import("./logs.ts")).logsCommand,
  describe: async () => (await import("./describe.ts")).describeCommand,
  history: async () => (await import("./history.ts")).historyCommand,
  config: async () => (await import("./config.ts")).configCommand,
  doctor: async () => (await import("./doctor.ts")).doctorCommand,
  audit: async () => (await import("./audit.ts")).auditCommand,
  completion: async () => (await import("./completion.ts")).completionCommand(allCommands),
  export: async () => (await import("./export.ts")).exportCommand,
  run: async () => (await import("./run.ts")).runCommand,
  demo: async () => (await import("./demo.ts")).demoCommand,
  version: async () => (await import("./version.ts")).versionCommand,
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
