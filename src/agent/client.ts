// Asks the agent. One that does not live, does not answer in time or speaks another language is as none: others can look, too.
import * as v from "valibot";
import { ask } from "../base/channel/ask.ts";
import { followChannel } from "../base/channel/follow.ts";
import { reasonOf } from "../base/errors.ts";
import type { Agent } from "../lifecycle/agent.ts";
import type { ModelEvent } from "../status/events.ts";
import type { Model, ModelSource } from "../status/model.ts";
import type { Snapshot } from "../status/schema.ts";
import {
  AgentAnswer,
  agentChannel,
  FeedHead,
  fastestPaceMs,
  keyFile,
  longestPaceMs,
  type Question,
  socketFile,
  versionText,
} from "./channel.ts";

/** A thousand services take some 20 ms. An agent that needs longer costs the command a look of its own, and no more. */
const timeoutMs = 1200;
/** How long an agent that has not answered is not asked again: a command asks it several times. */
const silentMs = 10_000;
/** What a sample may come late by, before an agent that tells its events counts as gone. */
const quietMarginMs = 5000;

export type AgentClient = Agent & {
  model: ModelSource;
  /**
   * Has the agent read units, with calls that its backend defines. Null where no agent of this version answers in time. The
   * agent waits for the user manager, so a late answer does not count as an agent that is silent.
   */
  relay(calls: unknown[], withinMs: number): Promise<unknown[] | null>;
};

export function agentClient(state: string): AgentClient {
  let trouble: string | null = null;
  let silentUntilMs = Number.NEGATIVE_INFINITY;
  const side = { path: socketFile(state), keyFile: keyFile(state), channel: agentChannel };
  const answered = async (question: Question): Promise<AgentAnswer | null> => {
    if (performance.now() < silentUntilMs) return null;
    const late = () => {
      silentUntilMs = performance.now() + silentMs;
      return new Error(`nothing in ${timeoutMs / 1000} s`);
    };
    // Null: where the agent refuses, the command looks itself, which is never wrong.
    const options = { timeoutMs, late, lock: null };
    trouble = null;
    try {
      const text = await ask(side, question, options);
      return text === null ? null : answerOf(JSON.parse(text));
    } catch (error) {
      trouble = v.isValiError(error) ? "it speaks as another version of bs9 does" : reasonOf(error);
      return null;
    }
  };
  return {
    version: versionText,
    trouble: () => trouble,
    model: {
      async now(names) {
        const answer = await answered({ ask: "now", names });
        if (answer !== null && "error" in answer) trouble = answer.error;
        return answer !== null && "now" in answer && isWhole(answer.now, names) ? answer.now : null;
      },
      async *follow({ signal, paceMs }) {
        const question: Question = { ask: "follow", paceMs: Math.min(paceMs, longestPaceMs) };
        // A sample comes at least that often.
        const options = { signal, firstMs: timeoutMs, quietMs: 3 * Math.max(paceMs, fastestPaceMs) + quietMarginMs };
        const lines = followChannel(side, question, options);
        try {
          yield* eventsIn(lines);
        } catch (error) {
          // Another version tells other events: its reader looks by itself.
          if (!v.isValiError(error) && !(error instanceof SyntaxError)) throw error;
        }
      },
    },
    async relay(calls, withinMs) {
      if (performance.now() < silentUntilMs) return null;
      const options = { timeoutMs: withinMs, late: () => new Error(`nothing in ${withinMs} ms`), lock: null };
      try {
        const text = await ask(side, { ask: "units", calls }, options);
        const answer = text === null ? null : answerOf(JSON.parse(text));
        return answer !== null && "units" in answer && answer.version === versionText ? answer.units : null;
      } catch {
        return null;
      }
    },
    async self() {
      const answer = await answered({ ask: "self" });
      if (answer !== null && "error" in answer) trouble = answer.error;
      return answer !== null && "self" in answer ? answer.self : null;
    },
  };
}

async function* eventsIn(lines: AsyncIterable<string>): AsyncGenerator<ModelEvent> {
  let isOwn: boolean | null = null;
  for await (const line of lines) {
    const said: unknown = JSON.parse(line);
    if (isOwn !== null) {
      yield isOwn ? (said as ModelEvent) : v.parse((await import("../status/events.ts")).ModelEvent, said);
      continue;
    }
    const opening = v.parse(FeedHead, said);
    if ("error" in opening) return;
    isOwn = opening.version === versionText;
  }
}

/** An agent in this very process: asked without its socket, and what it cannot say is as if it were gone. */
export function modelSourceOf(model: () => Model | null): ModelSource {
  return {
    async now(names) {
      const snapshot = await model()
        ?.now(names)
        .catch(() => null);
      return snapshot != null && isWhole(snapshot, names) ? snapshot : null;
    },
    async *follow(options) {
      try {
        yield* model()?.follow(options) ?? [];
      } catch {
        // It cannot tell what the services are: the reader looks by itself.
      }
    },
  };
}

/** False where it leaves a service out without a word: it has not heard of that service yet, and others can look. */
function isWhole({ services, warnings }: Snapshot, names: string[]): boolean {
  return services.length >= names.length || warnings.length > 0;
}

/**
 * An agent of this very bs9 is taken at its word, for the code that made the answer is the code that reads it: with a
 * thousand services, to look at every field again would take longer than all the rest of `status`.
 */
function answerOf(said: unknown): AgentAnswer {
  return v.is(OfSameBs9, said) ? (said as AgentAnswer) : v.parse(AgentAnswer, said);
}

const OfSameBs9 = v.union([
  v.looseObject({
    version: v.literal(versionText),
    now: v.looseObject({ services: v.array(v.looseObject({})), added: v.array(v.unknown()) }),
  }),
  v.looseObject({ version: v.literal(versionText), self: v.looseObject({}) }),
  v.looseObject({ version: v.literal(versionText), units: v.array(v.unknown()) }),
]);
