// The agent as what bs9-agent.service runs, and as a part of the supervisor. No command of its own: systemd, or `run`, starts it.
import { closeSync, openSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { startAgent } from "../agent/agent.ts";
import { agentVariable, type Backend } from "../backend/backend.ts";
import { Bs9Error, failed, reasonOf } from "../base/errors.ts";
import { makeFolder } from "../base/files.ts";
import { ended } from "../base/interrupt.ts";
import { tryLock } from "../base/libc.ts";
import { giveBack } from "../base/memory.ts";
import { harmless } from "../base/text.ts";
import { type Config, configFile, loadConfig } from "../config/config.ts";
import type { Context } from "../context.ts";
import { logsFolder } from "../logs/store/place.ts";
import { tick as careForLogs } from "../logs/store/tick.ts";
import { openSqlite } from "../storage/sqlite/sqlite.ts";
import type { Storage } from "../storage/storage.ts";
import { unavailable } from "../storage/unavailable.ts";

/** By then it has looked at every service once. */
const settledMs = 20_000;
const giveBackEveryMs = 60_000;

/** Ends with the signal, or where another bs9 has taken the place of this one on disk: systemd then starts that. */
export async function runAgent(context: Context): Promise<void> {
  // Nothing that it starts is to be an agent.
  delete process.env[agentVariable];
  const { paths, signal } = context;
  const lock = await lockOf(join(paths.state, "agent.lock"));
  const { backend } = await context.deps({ settles: false });
  const timers = [setTimeout(giveBack, settledMs), setInterval(giveBack, giveBackEveryMs)];
  const replaced = Promise.withResolvers<void>();
  const isReplaced = changeOf(process.execPath);
  const agent = await agentOn(backend, context, async () => {
    // One that was removed runs on: there is nothing that could take its place.
    if (isReplaced() && stampOf(process.execPath) !== null) replaced.resolve();
    await careForLogs(logsFolder(paths.state));
  });
  try {
    await Promise.race([ended(signal), replaced.promise]);
  } finally {
    for (const timer of timers) clearTimeout(timer);
    await agent.stop();
    closeSync(lock);
  }
}

/** Begins anew when config.toml has changed. `chores` are done each second. */
export async function agentOn(backend: Backend, context: Context, chores = async () => {}): Promise<{ stop(): Promise<void> }> {
  const file = configFile(context.paths.config);
  let isChanged = changeOf(file);
  let running = await begin(context.config);
  let anew: Promise<void> = Promise.resolve();
  let isStopped = false;

  return {
    async stop() {
      isStopped = true;
      await anew;
      await running.stop();
    },
  };

  async function begin(config: Config): Promise<{ stop(): Promise<void> }> {
    const { paths, registry, terminal } = context;
    const storage = await openStorage(join(paths.config, "metrics", "metrics.db"), config);
    const agent = startAgent({
      deps: { backend, registry, trail: context.trailOf("agent"), now: Date.now },
      paths,
      keeping: config.keeping,
      health: config.health,
      storage,
      uptimeMs: () => performance.now(),
      say: (sentence) => terminal.note(harmless(sentence)),
      async chores() {
        if (!isStopped && isChanged()) anew = again().catch((error: unknown) => terminal.note(harmless(reasonOf(error))));
        await chores();
      },
    });
    return {
      async stop() {
        await agent.stop();
        await storage.close();
      },
    };
  }

  async function again(): Promise<void> {
    isChanged = changeOf(file);
    const config = loadConfig(context.paths.config, context.env);
    // One with a mistake changes nothing until it is mended.
    if (config.mistakes.length > 0) return;
    await running.stop();
    running = await begin(config);
  }
}

async function openStorage(path: string, { keeping }: Config): Promise<Storage> {
  try {
    return await openSqlite(path, { keeping });
  } catch (error) {
    // Health and status are worth having without it.
    if (error instanceof Bs9Error) return unavailable(reasonOf(error));
    throw error;
  }
}

async function lockOf(path: string): Promise<number> {
  makeFolder(dirname(path));
  const fd = openSync(path, "a", 0o600);
  if (await tryLock(fd)) return fd;
  closeSync(fd);
  throw failed("another agent is at work here", { hint: "bs9 describe bs9-agent" });
}

/** Tells whether there is another file of this name than now. */
function changeOf(path: string): () => boolean {
  const before = stampOf(path);
  return () => stampOf(path) !== before;
}

/** Null: it is not there. */
function stampOf(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
}
