// The agent: a loop of turns, and a socket that answers commands and tells readers of changes.
import { statSync } from "node:fs";
import * as v from "valibot";
import { agentChannel, keyFile, socketFile, versionText } from "../backend/agent-socket.ts";
import { keyIn } from "../base/channel/head.ts";
import { serve } from "../base/channel/serve.ts";
import { failed } from "../base/errors.ts";
import type { Paths } from "../base/paths.ts";
import { Question, type Self } from "../status/agent-protocol.ts";
import type { Model } from "../status/model.ts";
import { databaseFile } from "../storage/sqlite/schema.ts";
import { startLoop } from "./loop.ts";
import { Turns, type TurnsOptions } from "./turns.ts";

export type AgentOptions = Omit<TurnsOptions, "paths"> & {
  paths: Paths;
  /** Called in each turn. */
  chores: () => Promise<void>;
};

export type Running = {
  /** For readers in this process. */
  model: Model;
  /** Stores the samples and changes that are not stored yet, and ends the agent. */
  stop(): Promise<void>;
  /** Resolves if a turn does not end: then only a new process of the agent helps. */
  stalled: Promise<void>;
};

/** The caller holds the lock of the agent, so that only one agent runs. */
export function startAgent(options: AgentOptions): Running {
  const { paths, storage, say, chores } = options;
  const turns = new Turns(options);
  const { model } = turns;
  const { services } = turns.collector;
  const server = serve(socketFile(paths.state), agentChannel, keyIn(keyFile(paths.state)), async (question) => {
    const asked = v.parse(Question, question);
    if (asked.ask === "follow") return model.feed(asked.paceMs);
    const answer =
      asked.ask === "now" ? { now: await model.now(asked.names) } : asked.ask === "self" ? { self: self() } : await units(asked.calls);
    return { version: versionText, ...answer };
  });
  const loop = startLoop({ turns, storage, say, chores });
  return {
    model,
    stalled: loop.stalled,
    async stop() {
      server.stop();
      await loop.stop();
      await turns.close();
    },
  };

  /**
   * Reads units for a command. Throws where the backend does not read units for other processes: the command then reads them
   * itself.
   */
  async function units(calls: unknown[]): Promise<{ units: unknown[] }> {
    const read = await options.deps.backend.relayed?.(calls);
    if (read === undefined) throw failed("only an agent on systemd reads units for other processes");
    return { units: read };
  }

  function self(): Self {
    return {
      pid: process.pid,
      version: versionText,
      services: services.size,
      intervalMs: options.keeping.intervalMs,
      ...turns.cost.now(),
      databaseBytes: databaseBytes(databaseFile(paths.config)),
      changesBy: services.isTold ? "signals" : "asking",
      notices: loop.troubles(),
    };
  }
}

/** The size of the file and of its WAL; null where neither exists. */
function databaseBytes(path: string): Self["databaseBytes"] {
  const sizes = [path, `${path}-wal`].flatMap((file) => statSync(file, { throwIfNoEntry: false })?.size ?? []);
  return sizes.length === 0 ? null : sizes.reduce((sum, size) => sum + size, 0);
}
