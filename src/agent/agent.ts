// The agent: one loop that follows the services, probes them and stores what they do, and a socket that answers commands.
import { join } from "node:path";
import * as v from "valibot";
import { keyIn } from "../base/channel/head.ts";
import { serve } from "../base/channel/serve.ts";
import { reasonOf } from "../base/errors.ts";
import type { Paths } from "../base/paths.ts";
import type { Self } from "../lifecycle/agent.ts";
import { Answers, databaseBytes } from "./answers.ts";
import { channel, keyFile, Question, socketFile, versionText } from "./channel.ts";
import { Turns, type TurnsOptions } from "./turns.ts";

export type AgentOptions = TurnsOptions & {
  paths: Paths;
  /** What else is to be cared for in each turn. */
  chores: () => Promise<void>;
};

/** The pace of the loop. */
const turnMs = 1000;
const maxTold = 100;

/** Resolves once it answers; `stop` stores what was not stored yet. The caller holds a lock: there is one of it. */
export function startAgent(options: AgentOptions): { stop(): Promise<void> } {
  const { deps, paths, storage, say } = options;
  const turns = new Turns(options);
  const answers = new Answers({ ...deps, ...turns });
  const stopped = Promise.withResolvers<void>();
  const told = new Set<string>();
  let isStopped = false;

  const server = serve(socketFile(paths.state), channel, keyIn(keyFile(paths.state)), async (question) => {
    const asked = v.parse(Question, question);
    return asked.ask === "observe"
      ? { version: versionText, told: await answers.observe(asked.names) }
      : { version: versionText, self: self() };
  });
  const loop = run();
  return {
    async stop() {
      isStopped = true;
      stopped.resolve();
      server.stop();
      await loop;
      await turns.close();
    },
  };

  async function run(): Promise<void> {
    for (let nextMs = performance.now(); ; nextMs = Math.max(nextMs + turnMs, performance.now())) {
      await Promise.race([Bun.sleep(Math.max(0, nextMs - performance.now())), stopped.promise]);
      if (isStopped) return;
      await attempt("look after the log files", options.chores);
      await attempt("look after the services", () => turns.turn());
      for (const notice of storage.notices()) once(notice);
    }
  }

  /** What goes wrong in one turn is told, and the next one tries again. */
  async function attempt(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      once(`cannot ${what}: ${reasonOf(error)}`);
    }
  }

  function once(sentence: string): void {
    if (told.has(sentence)) return;
    if (told.size >= maxTold) told.clear();
    told.add(sentence);
    say(sentence);
  }

  function self(): Self {
    return {
      pid: process.pid,
      version: versionText,
      services: turns.services.size,
      intervalMs: options.keeping.intervalMs,
      ...turns.cost.now(),
      databaseBytes: databaseBytes(join(paths.config, "metrics", "metrics.db")),
      changesBy: turns.services.isTold ? "signals" : "asking",
      notices: storage.notices(),
    };
  }
}
