// The object that every command receives: everything that it needs from its surroundings. It is made once, at the start of bs9.
import { AgentSocket } from "./backend/agent-socket.ts";
import { agentVariable, type Backend } from "./backend/backend.ts";
import { type BackendKind, detect } from "./backend/detect.ts";
import type { Finding } from "./backend/finding.ts";
import { plainErrno } from "./base/files.ts";
import { interruptedBy } from "./base/interrupt.ts";
import { type Paths, pathsOf } from "./base/paths.ts";
import type { Terminal } from "./base/terminal.ts";
import { harmless } from "./base/text.ts";
import { type Config, loadConfig, mistakeLine } from "./config/config.ts";
import type { Deps } from "./lifecycle/deps.ts";
import { logsFolder } from "./logs/store/place.ts";
import { careForLogs } from "./logs/store/tick.ts";
import { Registry } from "./service/registry.ts";
import { AgentClient, modelSourceOf } from "./status/agent-client.ts";
import type { Model } from "./status/model.ts";
import { ModelOrLook } from "./status/model-or-look.ts";
import { lazyReader } from "./storage/lazy.ts";
import { databaseFile } from "./storage/sqlite/schema.ts";
import type { StorageReader } from "./storage/storage.ts";
import { journalOf } from "./trail/journal.ts";
import type { Who } from "./trail/record.ts";
import { Trail } from "./trail/trail.ts";
import { whoActs } from "./trail/who.ts";

type Origin = Who["origin"];

export type Settings = { json: boolean; quiet: boolean; yes: boolean; debug: boolean };

export type Context = {
  settings: Settings;
  env: Record<string, string | undefined>;
  cwd: string;
  paths: Paths;
  /** Defaults of options, and the mistakes in the places where they are set. */
  config: Config;
  registry: Registry;
  trail: Trail;
  /** The trail (the record of every act) for acts that are not commands of a user. */
  trailOf(origin: Origin, http?: Who["http"]): Trail;
  /** The samples that were stored; opened at the first read. */
  storage: StorageReader;
  /**
   * The present state of the services: the answer of the agent if it runs and knows them, otherwise bs9 reads the services
   * itself.
   */
  model: Model;
  terminal: Terminal;
  signal: AbortSignal;
  /** Prints once, as warnings, that bs9 runs as root, and which mistakes the configuration has. */
  sayFirst(): void;
  /** Opens the backend at the first call, and changes nothing; commands that need no backend never open it. */
  deps(): Promise<Deps>;
  /** The first step of a command that acts: opens the backend, trims log files, and settles what a killed command left. */
  prepare(): Promise<Deps>;
  /**
   * Finishes or undoes the changes that a killed command left, which may define or remove a service. If there are none, no
   * backend is opened.
   */
  settle(): Promise<void>;
  /**
   * Trims the log files of services on a machine where no supervisor does that. Does nothing if another command did it less
   * than a second ago.
   */
  trimLogs(): Promise<void>;
  /** The agent is part of this process, and is asked without its socket; null while it begins again. */
  agentIsHere(model: () => Model | null): void;
  /** Prints a warning on stderr: a sentence that the user should see, although the command succeeds. */
  warn(text: string): void;
  /** What this machine lacks for services, whether or not a backend can be opened. */
  hostFindings(): Promise<Finding[]>;
  close(): Promise<void>;
};

export function buildContext(settings: Settings, terminal: Terminal, signal: AbortSignal): Context {
  const { env } = process;
  const cwd = process.cwd();
  const paths = pathsOf(env);
  const config = loadConfig(paths.config, env);
  const registry = new Registry(paths);
  const trailOf = (origin: Origin, http?: Who["http"]) => {
    const who = { ...whoActs(origin, env), ...(http === undefined ? {} : { http }) };
    return new Trail({ folder: paths.config, who, now: Date.now, journal: journalOf(who.uid) });
  };
  const trail = trailOf("cli");
  const storage = lazyReader(async () => {
    const { openSqliteReader } = await import("./storage/sqlite/reader.ts");
    return openSqliteReader(databaseFile(paths.config), config.keeping);
  });
  const warn = (text: string) => terminal.note(`${terminal.noteStyle.yellow("note:")} ${text}`);
  let hasSaid = false;
  const sayFirst = () => {
    if (hasSaid) return;
    hasSaid = true;
    if (process.getuid?.() === 0)
      terminal.note("bs9: running as root: services get root's rights outside their sandbox; a user of their own is better");
    for (const mistake of config.mistakes) warn(harmless(mistakeLine(mistake)));
  };
  const socket = new AgentSocket(paths.state);
  const agent = new AgentClient(socket);
  // The agent must not send requests to itself. The variable is read here, because the agent removes it when it begins.
  const relayed = env[agentVariable] === "1" ? null : socket;
  let opened: Promise<Backend> | null = null;
  const backend = async () => {
    const kind = detect(env, registry);
    opened ??= openBackend(kind, env, paths, relayed);
    return opened;
  };
  const model = new ModelOrLook({ agent, registry, env, backend, signal });
  return {
    settings,
    env,
    cwd,
    paths,
    config,
    registry,
    trail,
    trailOf,
    storage,
    model,
    terminal,
    signal,
    sayFirst,
    warn,
    async deps() {
      const open = await backend();
      interruptedBy(signal);
      sayFirst();
      return {
        backend: open,
        model,
        agent,
        registry,
        defaults: config.defaults,
        trail,
        storage,
        now: Date.now,
        progress: (text) => terminal.progress(text),
        warn,
        signal,
        cwd,
        home: paths.home,
        path: env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
        share: paths.share,
        cache: paths.cache,
      };
    },
    async prepare() {
      const deps = await this.deps();
      await this.trimLogs();
      const { settle } = await import("./lifecycle/recover.ts");
      await settle(deps);
      return deps;
    },
    async settle() {
      const { changes, broken } = registry.abandoned();
      if (changes.length + broken.length > 0) await this.prepare();
    },
    async trimLogs() {
      if (detect(env, registry) === "supervisor") return;
      await careForLogs(logsFolder(paths.state)).catch((error) => {
        warn(`log files could not be trimmed: ${harmless(plainErrno(error))}`);
      });
    },
    agentIsHere(here) {
      model.agent = modelSourceOf(here);
    },
    async hostFindings() {
      if (detect(env, registry) === "supervisor") return [];
      const { hostFindings } = await import("./systemd/host-findings.ts");
      return hostFindings(env);
    },
    async close() {
      await opened?.then((open) => open.close()).catch(() => {});
      await storage.close();
    },
  };
}

async function openBackend(kind: BackendKind, env: Context["env"], paths: Paths, agent: AgentSocket | null): Promise<Backend> {
  if (kind === "systemd") return (await import("./systemd/systemd.ts")).SystemdBackend.open(env, paths, agent);
  return new (await import("./supervisor/supervisor.ts")).SupervisorBackend(paths);
}
