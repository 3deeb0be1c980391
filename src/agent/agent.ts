// The agent: one loop of turns, and a socket that answers commands and tells readers what becomes of services.
import { statSync } from "node:fs";
import * as v from "valibot";
import type { Notice } from "../backend/notice.ts";
import { keyIn } from "../base/channel/head.ts";
import { serve } from "../base/channel/serve.ts";
import { failed } from "../base/errors.ts";
import type { Paths } from "../base/paths.ts";
import type { Self } from "../lifecycle/agent.ts";
import type { Model } from "../status/model.ts";
import { databaseFile } from "../storage/sqlite/schema.ts";
import { agentChannel, keyFile, Question, socketFile, versionText } from "./channel.ts";
import { Pause } from "./pause.ts";
import { troubleFrom, troublesOf } from "./troubles.ts";
import { Turns, type TurnsOptions, turnMs } from "./turns.ts";

export type AgentOptions = Omit<TurnsOptions, "paths"> & {
  paths: Paths;
  /** What else is to be cared for in each turn. */
  chores: () => Promise<void>;
};

export type Running = {
  /** For readers in this process. */
  model: Model;
  /** Stores what was not stored yet. */
  stop(): Promise<void>;
  /** Resolves where a turn does not end: then only another process helps. */
  stalled: Promise<void>;
};

/** No turn takes so long, unless something that it waits for never comes. */
const stalledMs = 60_000;
const stopMs = 5000;
/** Changes that are told within this time of another one wait for each other. */
const togetherMs = 5;

/** The caller holds a lock: there is one of it. */
export function startAgent(options: AgentOptions): Running {
  const { paths, storage, say } = options;
  const turns = new Turns(options);
  const { model } = turns;
  const { services } = turns.collector;
  const pause = new Pause();
  const stalled = Promise.withResolvers<void>();
  let told: Notice[] = [];
  let turnBeganMs = performance.now();

  const server = serve(socketFile(paths.state), agentChannel, keyIn(keyFile(paths.state)), async (question) => {
    const asked = v.parse(Question, question);
    if (asked.ask === "follow") return model.feed(asked.paceMs);
    const answer =
      asked.ask === "now" ? { now: await model.now(asked.names) } : asked.ask === "self" ? { self: self() } : await units(asked.calls);
    return { version: versionText, ...answer };
  });
  const guard = setInterval(() => {
    if (performance.now() - turnBeganMs > stalledMs) stalled.resolve();
  }, turnMs);
  turns.onNews = () => pause.wake();
  const loop = run();
  return {
    model,
    stalled: stalled.promise,
    async stop() {
      pause.end();
      clearInterval(guard);
      server.stop();
      await Promise.race([loop, Bun.sleep(stopMs)]);
      await turns.close();
    },
  };

  async function run(): Promise<void> {
    for (let nextMs = performance.now(); ; nextMs = Math.max(nextMs + turnMs, performance.now())) {
      while ((await pause.wait(nextMs - performance.now())) && performance.now() < nextMs) await news();
      if (pause.isEnded) return;
      turnBeganMs = performance.now();
      const troubles = await turns.turn().catch((error: unknown) => [troubleFrom("take a turn", error)]);
      troubles.push(...(await troublesOf("look after the log files", options.chores)), ...storage.notices().map(ofStorage));
      tell(troubles);
    }
  }

  /** What readers wait for. Several changes that come together are one reading of the services. */
  async function news(): Promise<void> {
    if (pause.isEnded) return;
    turnBeganMs = performance.now();
    const troubles = await turns.news().catch((error: unknown) => [troubleFrom("tell readers of changes", error)]);
    // The next turn finds out whether the rest is still so.
    if (troubles.length > 0) tell([...told, ...troubles]);
    // Storms of changes leave half of the time to all else.
    await Bun.sleep(Math.max(togetherMs, performance.now() - turnBeganMs));
  }

  /** Each once, until it is so no more. */
  function tell(troubles: Notice[]): void {
    const said = new Set(told.map(({ what }) => what));
    const unique = [...new Map(troubles.map((trouble) => [trouble.what, trouble])).values()];
    for (const { what } of unique) if (!said.has(what)) say(what);
    told = unique;
  }

  /** Reads units for a command. Throws where the backend reads none for others: the command then reads them itself. */
  async function units(calls: unknown[]): Promise<{ units: unknown[] }> {
    const read = await options.deps.backend.relayed?.(calls);
    if (read === undefined) throw failed("this agent reads no units for others");
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
      notices: told,
    };
  }
}

function ofStorage(what: string): Notice {
  return { kind: "storage", subject: "metrics.db", what, fix: "df -h ~/.config/bs9/metrics; ls -l ~/.config/bs9/metrics" };
}

/** With what is still in the WAL; null where there is none. */
function databaseBytes(path: string): Self["databaseBytes"] {
  const sizes = [path, `${path}-wal`].flatMap((file) => statSync(file, { throwIfNoEntry: false })?.size ?? []);
  return sizes.length === 0 ? null : sizes.reduce((sum, size) => sum + size, 0);
}
