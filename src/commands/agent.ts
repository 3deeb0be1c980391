// The agent as what bs9-agent.service runs, and as a part of the supervisor. No command of its own: systemd, or `run`, starts it.
import { closeSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import { startAgent } from "../agent/agent.ts";
import { agentVariable, type Backend } from "../backend/backend.ts";
import { Bs9Error, failed, reasonOf } from "../base/errors.ts";
import { makeFolder } from "../base/files.ts";
import { ended } from "../base/interrupt.ts";
import { tryLock } from "../base/libc.ts";
import { giveBack } from "../base/memory.ts";
import { harmless } from "../base/text.ts";
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
  const replaced = Promise.withResolvers<void>();
  const isReplaced = replacementOf(process.execPath);
  const { backend } = await context.deps({ settles: false });
  const timers = [setTimeout(giveBack, settledMs), setInterval(giveBack, giveBackEveryMs)];
  const agent = await begin(context, backend, async () => {
    if (isReplaced()) replaced.resolve();
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

/** Within a supervisor, which cares for the logs by itself. */
export async function agentBeside(backend: Backend, context: Context): Promise<{ stop(): Promise<void> }> {
  return begin(context, backend, async () => {});
}

async function begin(context: Context, backend: Backend, chores: () => Promise<void>): Promise<{ stop(): Promise<void> }> {
  const { paths, config, registry, terminal } = context;
  const storage = await openStorage(context);
  const agent = startAgent({
    deps: { backend, registry, trail: context.trailOf("agent"), now: Date.now },
    uptimeMs: () => performance.now(),
    paths,
    keeping: config.keeping,
    health: config.health,
    storage,
    say: (sentence) => terminal.note(harmless(sentence)),
    chores,
  });
  return {
    async stop() {
      await agent.stop();
      await storage.close();
    },
  };
}

async function openStorage({ paths, config }: Context): Promise<Storage> {
  try {
    return await openSqlite(join(paths.config, "metrics", "metrics.db"), { keeping: config.keeping });
  } catch (error) {
    // Health and status are worth having without it.
    if (error instanceof Bs9Error) return unavailable(reasonOf(error));
    throw error;
  }
}

async function lockOf(path: string): Promise<number> {
  makeFolder(join(path, ".."));
  const fd = openSync(path, "a", 0o600);
  if (await tryLock(fd)) return fd;
  closeSync(fd);
  throw failed("another agent is at work here", { hint: "bs9 describe bs9-agent" });
}

/** One that was removed runs on: there is nothing that could take its place. */
function replacementOf(path: string): () => boolean {
  const inode = () => statSync(path, { throwIfNoEntry: false })?.ino;
  const own = inode();
  return () => {
    const now = inode();
    return own !== undefined && now !== undefined && now !== own;
  };
}
