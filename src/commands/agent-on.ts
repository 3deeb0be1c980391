// The agent on a backend, in whichever process: begun anew when config.toml has changed, and tried again where something failed.
import { closeSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Running, startAgent } from "../agent/agent.ts";
import { Pause } from "../agent/pause.ts";
import type { Backend } from "../backend/backend.ts";
import { Bs9Error, failed, reasonOf } from "../base/errors.ts";
import { takeLock } from "../base/lock.ts";
import { harmless } from "../base/text.ts";
import { type Config, configFile, loadConfig, mistakeLine } from "../config/config.ts";
import type { Context } from "../context.ts";
import { databaseFile } from "../storage/sqlite/schema.ts";
import { openSqlite } from "../storage/sqlite/sqlite.ts";
import { unavailable } from "../storage/unavailable.ts";

export type AgentHooks = {
  /** Done each second. */
  chores?: () => Promise<void>;
  /** Hears where a turn does not end; without it the agent begins anew. */
  stalled?: () => Promise<void>;
};

/** Between two attempts to begin. */
const againMs = 10_000;
/** Without a storage it goes on; so long until that is tried again. */
const openAgainMs = 60_000;

type Begun = Pick<Running, "model"> & { stop(): Promise<void> };

/** Throws where another agent is at work for the same services. */
export async function agentOn(backend: Backend, context: Context, hooks: AgentHooks = {}): Promise<{ stop(): Promise<void> }> {
  const { paths, registry, terminal } = context;
  const lock = await takeLock(join(paths.state, "agent.lock"));
  if (lock === null) throw failed("another agent is at work here", { hint: "bs9 describe bs9-agent" });
  const file = configFile(paths.config);
  const say = (sentence: string) => terminal.note(harmless(sentence));
  const pause = new Pause();
  let read = stampOf(file);
  let running: Begun | null = await begin(context.config);
  let anew: Promise<void> | null = null;
  context.agentIsHere(() => running?.model ?? null);

  return {
    async stop() {
      pause.end();
      await anew;
      await running?.stop();
      closeSync(lock);
    },
  };

  async function begin(config: Config): Promise<Begun> {
    const openedMs = performance.now();
    const { storage, isOpen } = await openStorage(config);
    const agent = startAgent({
      deps: { backend, registry, trail: context.trailOf("agent"), now: Date.now },
      paths,
      keeping: config.keeping,
      health: config.health,
      storage,
      monotonicMs: () => performance.now(),
      say,
      async chores() {
        const isLong = !isOpen && performance.now() - openedMs > openAgainMs;
        if (stampOf(file) !== read || isLong) restart();
        await hooks.chores?.();
      },
    });
    void agent.stalled.then(hooks.stalled ?? restart);
    return {
      model: agent.model,
      async stop() {
        await agent.stop();
        await storage.close();
      },
    };
  }

  function restart(): void {
    if (anew !== null || pause.isEnded) return;
    anew = again().finally(() => {
      anew = null;
    });
  }

  async function again(): Promise<void> {
    read = stampOf(file);
    const config = loadConfig(paths.config, context.env);
    // One with a mistake changes nothing until it is mended.
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

  /** Health and status are worth having without it. */
  async function openStorage({ keeping }: Config) {
    try {
      return { storage: await openSqlite(databaseFile(paths.config), { keeping }), isOpen: true };
    } catch (error) {
      if (error instanceof Bs9Error) return { storage: unavailable(reasonOf(error)), isOpen: false };
      throw error;
    }
  }
}

/** Names a file as it is now; null where it is not there. */
export function stampOf(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
}
