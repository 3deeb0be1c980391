// The agent as a process: what bs9-agent.service runs. No command of its own; systemd starts it.
import { closeSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import { startAgent } from "../agent/agent.ts";
import { agentVariable } from "../backend/backend.ts";
import { Bs9Error, failed, reasonOf } from "../base/errors.ts";
import { makeFolder } from "../base/files.ts";
import { ended } from "../base/interrupt.ts";
import { tryLock } from "../base/libc.ts";
import { harmless } from "../base/text.ts";
import type { Context } from "../context.ts";
import { logsFolder } from "../logs/store/place.ts";
import { tick as careForLogs } from "../logs/store/tick.ts";
import { openSqlite } from "../storage/sqlite/sqlite.ts";
import type { Storage } from "../storage/storage.ts";
import { unavailable } from "../storage/unavailable.ts";

/** Ends with the signal, or where another bs9 has taken the place of this one on disk: systemd then starts that. */
export async function runAgent(context: Context): Promise<void> {
  // Nothing that it starts is to be an agent.
  delete process.env[agentVariable];
  const { paths, config, terminal, signal } = context;
  const lock = await lockOf(join(paths.state, "agent.lock"));
  const deps = await context.deps({ settles: false });
  const storage = await openStorage(context);
  const replaced = Promise.withResolvers<void>();
  const isReplaced = replacementOf(process.execPath);
  const agent = startAgent({
    deps,
    paths,
    keeping: config.keeping,
    health: config.health,
    storage,
    say: (sentence) => terminal.note(harmless(sentence)),
    async chores() {
      if (isReplaced()) replaced.resolve();
      await careForLogs(logsFolder(paths.state));
    },
  });
  try {
    await Promise.race([ended(signal), replaced.promise]);
  } finally {
    await agent.stop();
    await storage.close();
    closeSync(lock);
  }
}

export async function openStorage({ paths, config }: Context): Promise<Storage> {
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
