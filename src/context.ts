// What every command is given: built once, handed down.
import { type AgentClient, agentClient, modelSourceOf } from "./agent/client.ts";
import type { Backend } from "./backend/backend.ts";
import { type BackendKind, detect, isBooted } from "./backend/detect.ts";
import type { Finding } from "./backend/finding.ts";
import { plainErrno } from "./base/files.ts";
import { interruptedBy, pause } from "./base/interrupt.ts";
import { type Paths, pathsOf } from "./base/paths.ts";
import type { Terminal } from "./base/terminal.ts";
import { harmless } from "./base/text.ts";
import { type Config, loadConfig, mistakeLine } from "./config/config.ts";
import type { Deps } from "./lifecycle/deps.ts";
import { logsFolder } from "./logs/store/place.ts";
import { careForLogs } from "./logs/store/tick.ts";
import { Registry } from "./service/registry.ts";
import type { Model } from "./status/model.ts";
import type { Snapshot } from "./status/schema.ts";
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
  /** Defaults of options, and what is wrong with where they are set. */
  config: Config;
  registry: Registry;
  trail: Trail;
  /** For acts that no command does. */
  trailOf(origin: Origin): Trail;
  /** Samples that were kept; opened when it is first asked. */
  storage: StorageReader;
  terminal: Terminal;
  signal: AbortSignal;
  /** Opens the backend at the first call; commands that need none never reach for it. */
  deps(options?: { settles: boolean }): Promise<Deps>;
  /** The names of services, after what a killed command left is settled: that may make a service, or take one away. */
  names(): Promise<string[]>;
  /** How services are now: what the agent says where it lives and knows them, else a look at the machine. */
  model: Model;
  /** The agent is part of this process, and is asked without its socket; null while it begins anew. */
  agentIsHere(model: () => Model | null): void;
  /** Prints a warning on stderr: a sentence that the user should see, although the command succeeds. */
  warn(text: string): void;
  /** What this machine lacks for services, whether or not a backend can be opened. */
  hostFindings(): Promise<Finding[]>;
  close(): Promise<void>;
};

export function buildContext(settings: Settings, terminal: Terminal, signal: AbortSignal): Context {
  const { env } = process;
  const isAgent = env["BS9_AGENT"] === "1";
  const paths = pathsOf(env);
  const config = loadConfig(paths.config, env);
  const registry = new Registry(paths);
  const trailOf = (origin: Origin) => {
    const who = whoActs(origin, env);
    return new Trail({ folder: paths.config, who, now: Date.now, journal: journalOf(who.uid) });
  };
  const trail = trailOf("cli");
  const storage = lazyReader(async () => {
    const { openSqliteReader } = await import("./storage/sqlite/reader.ts");
    return openSqliteReader(databaseFile(paths.config), config.keeping);
  });
  const agent = agentClient(paths.state);
  let source = agent.model;
  let opened: Promise<Backend> | null = null;
  const open = (kind: BackendKind): Promise<Backend> => {
    // The agent itself must not be asked by itself.
    opened ??= openBackend(kind, env, paths, isAgent ? null : agent.relay);
    return opened;
  };
  const warn = (text: string) => terminal.note(`${terminal.noteStyle.yellow("note:")} ${text}`);
  let hasSaid = false;
  const sayFirst = () => {
    if (hasSaid) return;
    hasSaid = true;
    if (process.getuid?.() === 0)
      terminal.note("bs9: running as root: services get root's rights outside their sandbox; a user of their own is better");
    for (const mistake of config.mistakes) warn(harmless(mistakeLine(mistake)));
  };
  /** No backend has to be loaded for it. Null where a killed command left something that the agent does not know of. */
  const told = async (names: string[]): Promise<Snapshot | null> => {
    const { changes, broken } = registry.abandoned();
    if (names.length === 0 || changes.length + broken.length > 0) return null;
    const kind = detected(env, registry);
    // An agent that takes long may wait for the user manager: that one is asked beside, so that both fit into 5 s.
    const waits = setTimeout(
      () =>
        void open(kind)
          .then((opened) => opened.answers?.())
          .catch(() => {}),
      agentWaitsMs,
    );
    const snapshot = await source.now(names).finally(() => clearTimeout(waits));
    return snapshot?.services.some(({ status }) => status.backend !== kind) === true ? null : snapshot;
  };
  const lookAt = async (names: string[]): Promise<Snapshot> => {
    const backend = await open(detected(env, registry));
    interruptedBy(signal);
    const { look } = await import("./status/look.ts");
    return look(names, { backend, registry, now: Date.now, signal });
  };
  const model: Model = {
    async now(names) {
      const snapshot = (await told(names)) ?? (await lookAt(names));
      sayFirst();
      return snapshot;
    },
    async *follow(options) {
      while (!options.signal.aborted) {
        yield* source.follow(options);
        if (options.signal.aborted) return;
        const snapshot = await this.now(registry.names()).catch((error: unknown) => {
          if (options.signal.aborted) return null;
          throw error;
        });
        if (snapshot === null) return;
        yield { kind: "snapshot", snapshot };
        await pause(lookAgainMs, options.signal);
      }
    },
  };
  return {
    settings,
    env,
    cwd: process.cwd(),
    paths,
    config,
    registry,
    trail,
    trailOf,
    storage,
    terminal,
    signal,
    model,
    warn,
    agentIsHere(here) {
      source = modelSourceOf(here);
    },
    async hostFindings() {
      if (detected(env, registry) === "supervisor") return [];
      const { hostFindings } = await import("./systemd/host-findings.ts");
      return hostFindings(env);
    },
    async names() {
      const { changes, broken } = registry.abandoned();
      if (changes.length + broken.length > 0) await this.deps();
      return registry.names();
    },
    async deps({ settles } = { settles: true }) {
      const backend = await open(detected(env, registry));
      interruptedBy(signal);
      sayFirst();
      const deps: Deps = {
        backend,
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
        cwd: process.cwd(),
        home: paths.home,
        path: env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
        share: paths.share,
      };
      // Where no agent does: who comes within a second of another leaves it be.
      if (backend.kind === "systemd")
        await careForLogs(logsFolder(paths.state)).catch((error) => {
          warn(`log files could not be trimmed: ${harmless(plainErrno(error))}`);
        });
      // A command that was killed half-way is finished or undone by whichever comes next.
      const { settle } = await import("./lifecycle/recover.ts");
      if (settles) await settle(deps);
      return deps;
    },
    async close() {
      await opened?.then((backend) => backend.close()).catch(() => {});
      await storage.close();
    },
  };
}

const agentWaitsMs = 300;
/** Where no agent tells of changes, the machine is looked at again and again. */
const lookAgainMs = 2000;

function detected(env: Context["env"], registry: Registry): BackendKind {
  return detect({ asked: env["BS9_BACKEND"], hasSystemd: isBooted(), recorded: registry.recordedBackend() });
}

async function openBackend(kind: BackendKind, env: Context["env"], paths: Paths, relay: AgentClient["relay"] | null): Promise<Backend> {
  if (kind === "systemd") return (await import("./systemd/systemd.ts")).SystemdBackend.open(env, paths, relay);
  return new (await import("./supervisor/supervisor.ts")).SupervisorBackend(paths);
}
