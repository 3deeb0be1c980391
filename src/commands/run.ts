// bs9 run: the supervisor in the foreground, fit to be PID 1 of a container.
import { statSync } from "node:fs";
import { join } from "node:path";
import { chooseSupervisor } from "../backend/detect.ts";
import { reasonOf, usage } from "../base/errors.ts";
import { parseWhole } from "../base/quantities.ts";
import { harmless, shellWord } from "../base/text.ts";
import { firstWebPort } from "../config/web.ts";
import type { Context } from "../context.ts";
import type { ProjectService } from "../service/project.ts";
import { backgroundVariable } from "../supervisor/client.ts";
import type { Daemon } from "../supervisor/daemon.ts";
import type { SupervisorEnd } from "../supervisor/end.ts";
import type { Happening } from "../supervisor/happening.ts";
import type { Token } from "../web/token.ts";
import { agentOptions } from "./agent-options.ts";
import type { Command, OptionValues, Result, Words } from "./command.ts";
import { parsed, textOf } from "./options.ts";
import { linesOf } from "./run-lines.ts";

const projectFile = "bs9.toml";

export const runCommand: Command = {
  name: "run",
  synopsis: "[FILE|ENTRY]",
  summary: "supervise services in the foreground, as PID 1 of a container too",
  options: [
    { flags: "--port <port>", text: "port of its HTTP server: /healthz, /api/metrics (default 8080; 0: none)" },
    { flags: "--host <host>", text: "address of its HTTP server (default 127.0.0.1)" },
  ],
  examples: ["bs9 run", "bs9 run --json", "bs9 run app.ts", "bs9 run bs9.toml --host 0.0.0.0 --port 8080"],
  exits: [1, 5, 6],
  async run(given: Words, context: Context): Promise<Result | null> {
    const [word, ...more] = given.words;
    if (more.length > 0) throw usage("run takes one file or entry", { hint: `bs9 run ${shellWord(word ?? "")}` });
    chooseSupervisor(context.env, startLine(word, context.cwd));
    const isBackground = context.env[backgroundVariable] === "1";
    const chosen = word ?? (isBackground ? undefined : projectFileIn(context.cwd));
    const wanted = await servicesOf(chosen);
    // A supervisor in the background prints no events, because it writes into a file that nobody trims.
    const isTold = !isBackground && !context.settings.quiet;
    const lines = isTold ? linesOf(context.terminal, context.settings.json, Date.now) : null;
    // The port is opened first, so that a port that is taken ends the command before it starts a service.
    const web = await serve(given.options, context);
    if (isTold && wanted.length === 0 && context.registry.names().length === 0) context.terminal.note(`note: ${nothingToRun(context.cwd)}`);
    const [{ startDaemon }, { EndOfSupervisor, keepsServices }] = await Promise.all([
      import("../supervisor/daemon.ts"),
      import("../supervisor/end.ts"),
    ]);
    const end = new EndOfSupervisor(isBackground, context.signal);
    const happened = (happening: Happening) => lines?.happened(happening);
    const daemon = await startDaemon(context.paths, { end, happened }).catch(async (error: unknown) => {
      await web?.stop();
      throw error;
    });
    const agent = await agentBeside(daemon, context);
    let cause: SupervisorEnd | null = null;
    try {
      await bringUp(wanted, context);
      cause = await end.reached;
    } finally {
      await web?.stop();
      // Another supervisor takes the services over, so they keep running.
      if (keepsServices(cause)) await agent?.stop();
      // The agent is stopped last, so that it stores how the services end.
      else await daemon.shutDown().finally(() => agent?.stop());
      await lines?.written();
    }
    return null;
  },
};

/** The command line that, on a machine with systemd, starts the services that `run` would have started. */
export function startLine(word: string | undefined, folder: string): string {
  return `bs9 start ${shellWord(word ?? (projectFileIn(folder) === undefined ? "app.ts" : projectFile))}`;
}

/**
 * Returns undefined if the folder has no project file. A file whose status cannot be read is returned: reading it then fails with
 * the reason.
 */
function projectFileIn(folder: string): string | undefined {
  const file = join(folder, projectFile);
  try {
    return statSync(file, { throwIfNoEntry: false }) === undefined ? undefined : file;
  } catch {
    return file;
  }
}

function nothingToRun(folder: string): string {
  return process.pid === 1
    ? `there are no services to run, because ${join(folder, projectFile)} does not exist; mount a directory with a ${projectFile} at ${folder}`
    : `there are no services yet; add one in another shell: bs9 start app.ts`;
}

/** Services do not need the agent, so a failure of the agent is only a warning. */
async function agentBeside(daemon: Daemon, context: Context): Promise<{ stop(): Promise<void> } | null> {
  const [{ runAgent }, { SupervisorBackend }] = await Promise.all([import("../agent/run.ts"), import("../supervisor/supervisor.ts")]);
  const { paths, terminal } = context;
  try {
    const agent = await runAgent({ ...agentOptions(context), backend: new SupervisorBackend(paths, { link: daemon.link }) });
    context.agentIsHere(agent.model);
    return agent;
  } catch (error) {
    terminal.note(`note: samples and health are not kept: ${harmless(reasonOf(error))}`);
    return null;
  }
}

/** The services to start besides those that are defined: none without a word, those of a project file (`.toml`), or an entry. */
async function servicesOf(word: string | undefined): Promise<ProjectService[]> {
  if (word === undefined) return [];
  if (word.endsWith(".toml")) return (await import("../service/project.ts")).readProject(word);
  return [{ entry: word, input: { env: {}, envRemoved: [], reset: false } }];
}

/**
 * Starts the services. A service that does not come up is reported, and its restart policy goes on; the others start all the
 * same. Modules are loaded only where there is a service to start, because this process is to stay small.
 */
async function bringUp(services: ProjectService[], context: Context): Promise<void> {
  if (services.length === 0) return;
  const [{ startEntry }, { startDefined }] = await Promise.all([import("../lifecycle/start.ts"), import("../lifecycle/acts.ts")]);
  const deps = await context.prepare();
  const { terminal } = context;
  const troubles: unknown[] = [];
  for (const { entry, input } of services) {
    try {
      const { name, result } = await startEntry(entry, { ...input, waitMs: input.waitMs ?? 0 }, deps, { linger: false });
      if (result === "unchanged") await startDefined([name], deps, { linger: false });
    } catch (error) {
      troubles.push(error);
      if (services.length > 1) terminal.note(`${terminal.noteStyle.red("error:")} ${harmless(reasonOf(error))}`);
    }
  }
  (await import("../supervisor/end.ts")).checkCameUp(services.length, troubles);
}

/**
 * Starts the HTTP server. Null for `--port 0`, and if the default port is taken: the services then run without the server.
 * Throws if a port or host that the user chose cannot be used.
 */
async function serve(options: OptionValues, context: Context): Promise<{ stop(): Promise<void> } | null> {
  const given = parsed(options, "port", (text, what) => parseWhole(text, what, 0, 65_535)) ?? context.config.web.port;
  if (given === 0) return null;
  const { addressOf, openWeb } = await import("./web-open.ts");
  const chosen = textOf(options, "host");
  const host = chosen ?? context.config.web.host;
  try {
    // Not the next free port: what probes a container knows only the default one.
    const web = await openWeb({ host, port: given ?? firstWebPort, certificate: null }, context);
    if (web.token.own !== null) context.terminal.note(`note: ${tokenSentence(web.token, addressOf(host, web.running.port, false))}`);
    return web;
  } catch (error) {
    if (given !== null || chosen !== undefined) throw error;
    context.terminal.note(`note: ${harmless(reasonOf(error))}`);
    return null;
  }
}

function tokenSentence({ own, missing }: Token, url: string): string {
  const place = `the token for ${url}api/metrics is in ${own}`;
  return missing === null ? place : `${missing}, which BS9_WEB_TOKEN_FILE names, does not exist; ${place}`;
}
