// The agent: one loop that follows the services, probes them and stores what they do, and a socket that answers commands.
import * as v from "valibot";
import type { Notice } from "../backend/notice.ts";
import { keyIn } from "../base/channel/head.ts";
import { serve } from "../base/channel/serve.ts";
import { reasonOf } from "../base/errors.ts";
import type { Paths } from "../base/paths.ts";
import type { Self } from "../lifecycle/agent.ts";
import { databaseFile } from "../storage/place.ts";
import { Answers, databaseBytes } from "./answers.ts";
import { channel, keyFile, Question, socketFile, versionText } from "./channel.ts";
import { Pause } from "./pause.ts";
import { Turns, type TurnsOptions, turnMs } from "./turns.ts";

export type AgentOptions = Omit<TurnsOptions, "paths"> & {
  paths: Paths;
  /** What else is to be cared for in each turn. */
  chores: () => Promise<void>;
};

export type Running = {
  /** Stores what was not stored yet. */
  stop(): Promise<void>;
  /** Resolves where a turn does not end: then only another process helps. */
  stalled: Promise<void>;
};

/** No turn takes so long, unless something that it waits for never comes. */
const stalledMs = 60_000;
const stopMs = 5000;

/** The caller holds a lock: there is one of it. */
export function startAgent(options: AgentOptions): Running {
  const { deps, paths, storage, say } = options;
  const turns = new Turns(options);
  const { services, sampler, monitor } = turns;
  const answers = new Answers({
    ...deps,
    intervalMs: options.keeping.intervalMs,
    services,
    sampler,
    monitor,
    refresh: () => turns.refresh(),
  });
  const pause = new Pause();
  const stalled = Promise.withResolvers<void>();
  let told: Notice[] = [];
  let turnBeganMs = performance.now();

  const server = serve(socketFile(paths.state), channel, keyIn(keyFile(paths.state)), async (question) => {
    const asked = v.parse(Question, question);
    const told = asked.ask === "now" ? { now: await answers.now(asked.names) } : { self: self() };
    return { version: versionText, ...told };
  });
  const guard = setInterval(() => {
    if (performance.now() - turnBeganMs > stalledMs) stalled.resolve();
  }, turnMs);
  const loop = run();
  return {
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
      await pause.wait(nextMs - performance.now());
      if (pause.isEnded) return;
      turnBeganMs = performance.now();
      const troubles = await turns.turn();
      troubles.push(...(await troubleOf("look after the log files", options.chores)), ...storage.notices().map(ofStorage));
      tell(troubles);
    }
  }

  /** Each once, until it is so no more. */
  function tell(troubles: Notice[]): void {
    const said = new Set(told.map(({ what }) => what));
    for (const { what } of troubles) if (!said.has(what)) say(what);
    told = troubles;
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

/** What goes wrong in one turn is told, and the next one tries again. */
async function troubleOf(what: string, act: () => Promise<void>): Promise<Notice[]> {
  try {
    await act();
    return [];
  } catch (error) {
    return [{ kind: "agent", subject: "bs9-agent", what: `cannot ${what}: ${reasonOf(error)}`, fix: null }];
  }
}
