// Runs the agent on a backend, in any process: starts it again when config.toml has changed, and retries if that fails.
import { closeSync } from "node:fs";
import { join } from "node:path";
import type { RunProgram } from "../alerting/channels/command.ts";
import type { Backend } from "../backend/backend.ts";
import { Bs9Error, failed, reasonOf } from "../base/errors.ts";
import { takeLock } from "../base/lock.ts";
import type { Paths } from "../base/paths.ts";
import { stampOf } from "../base/stamp.ts";
import { type Config, configFile, loadConfig, mistakeLine } from "../config/config.ts";
import { runProgram } from "../lifecycle/program.ts";
import type { Registry } from "../service/registry.ts";
import type { Model } from "../status/model.ts";
import { databaseFile } from "../storage/sqlite/schema.ts";
import { openSqlite } from "../storage/sqlite/sqlite.ts";
import { unavailable } from "../storage/unavailable.ts";
import type { Trail } from "../trail/trail.ts";
import { type Running, startAgent } from "./agent.ts";
import { AlertChannels } from "./alert-channels.ts";
import { Pause } from "./pause.ts";

export type RunOptions = {
  backend: Backend;
  paths: Paths;
  registry: Registry;
  trail: Trail;
  /** The configuration with which the agent begins; when the agent begins again, it reads the configuration again. */
  config: Config;
  env: Record<string, string | undefined>;
  /** Writes a sentence into the log of the agent. */
  say: (sentence: string) => void;
  /** Called each second. */
  chores?: () => Promise<void>;
  /** Called if a turn does not end. Without this function the agent begins again in the same process. */
  stalled?: () => Promise<void>;
};

export type AgentRun = {
  /** The model for readers in this process; null while the agent begins again. */
  model(): Model | null;
  stop(): Promise<void>;
};

/** Between two attempts to begin. */
const againMs = 10_000;
/** An agent that could not open its storage runs without storage for this long, then begins again. */
const openAgainMs = 60_000;

/** Runs the agent. Throws if another agent already runs for the same services. */
export async function runAgent({ backend, paths, registry, trail, env, say, ...options }: RunOptions): Promise<AgentRun> {
  const lock = await takeLock(join(paths.state, "agent.lock"));
  if (lock === null) throw failed("another bs9 agent already runs for these services", { hint: "bs9 describe bs9-agent" });
  const file = configFile(paths.config);
  const pause = new Pause();
  let read = stampOf(file);
  let running: Pick<Running, "model" | "stop"> | null = await begin(options.config);
  let beginning: Promise<void> | null = null;

  return {
    model: () => running?.model ?? null,
    async stop() {
      pause.end();
      await beginning;
      await running?.stop();
      closeSync(lock);
    },
  };

  async function begin(config: Config): Promise<Pick<Running, "model" | "stop">> {
    const openedMs = performance.now();
    const { storage, isOpen } = await openStorage(config);
    const { home, state } = paths;
    const run: RunProgram = (argv, input, timeoutMs) => runProgram(argv, input, timeoutMs, { backend, paths });
    const channels = new AlertChannels({ state, home, now: Date.now, run });
    const agent = startAgent({
      deps: { backend, registry, trail, now: Date.now },
      paths,
      keeping: config.keeping,
      health: config.health,
      storage,
      channels,
      monotonicMs: () => performance.now(),
      say,
      async chores() {
        const isLong = !isOpen && performance.now() - openedMs > openAgainMs;
        if (stampOf(file) !== read || isLong) restart();
        await options.chores?.();
      },
    });
    void agent.stalled.then(options.stalled ?? restart);
    return {
      model: agent.model,
      async stop() {
        await agent.stop();
        await channels.close();
        await storage.close();
      },
    };
  }

  function restart(): void {
    if (beginning !== null || pause.isEnded) return;
    beginning = beginAgain().finally(() => {
      beginning = null;
    });
  }

  async function beginAgain(): Promise<void> {
    read = stampOf(file);
    const config = loadConfig(paths.config, env);
    // The agent keeps its configuration until the mistakes in the file are corrected.
    for (const mistake of config.mistakes) say(`the configuration is left as it was: ${mistakeLine(mistake)}`);
    if (config.mistakes.length > 0) return;
    await running?.stop();
    running = null;
    while (running === null && !pause.isEnded) {
      try {
        running = await begin(config);
      } catch (error) {
        say(`cannot begin: ${reasonOf(error)}`);
        await pause.wait(againMs);
      }
    }
  }

  /** Health probes and status work even if the storage cannot be opened. */
  async function openStorage({ keeping }: Config) {
    try {
      return { storage: await openSqlite(databaseFile(paths.config), { keeping }), isOpen: true };
    } catch (error) {
      if (error instanceof Bs9Error) return { storage: unavailable(reasonOf(error)), isOpen: false };
      throw error;
    }
  }
}
