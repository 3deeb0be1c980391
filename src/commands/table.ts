// The table of commands. Each is loaded when it is called, because loading all of them would double the time of `bs9 version`.
import type { Command } from "./command.ts";

const loaders: Record<string, () => Promise<Command>> = {
  start: async () => (await import("./start.ts")).startCommand,
  stop: async () => (await import("./acts.ts")).stopCommand,
  restart: async () => (await import("./acts.ts")).restartCommand,
  delete: async () => (await import("./acts.ts")).deleteCommand,
  status: async () => (await import("./status.ts")).statusCommand,
  monit: async () => (await import("./monit.ts")).monitCommand,
  logs: async () => (await import("./logs.ts")).logsCommand,
  describe: async () => (await import("./describe.ts")).describeCommand,
  history: async () => (await import("./history.ts")).historyCommand,
  config: async () => (await import("./config.ts")).configCommand,
  doctor: async () => (await import("./doctor.ts")).doctorCommand,
  audit: async () => (await import("./audit.ts")).auditCommand,
  completion: async () => (await import("./completion.ts")).completionCommand(allCommands),
  alert: async () => (await import("./alert.ts")).alertCommand,
  export: async () => (await import("./export.ts")).exportCommand,
  run: async () => (await import("./run.ts")).runCommand,
  web: async () => (await import("./web.ts")).webCommand,
  demo: async () => (await import("./demo.ts")).demoCommand,
  version: async () => (await import("./version.ts")).versionCommand,
};

/** All commands, in the order in which `help` lists them. */
export function allCommands(): Promise<Command[]> {
  return Promise.all(Object.values(loaders).map((load) => load()));
}

/** Only the command of that name if it exists; otherwise all, to find an alias or the command that was probably meant. */
export async function commandsFor(word: string | undefined): Promise<Command[]> {
  const load = word !== undefined && Object.hasOwn(loaders, word) ? loaders[word] : undefined;
  return load === undefined ? allCommands() : [await load()];
}
