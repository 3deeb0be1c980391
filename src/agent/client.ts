// Asks the agent. If the agent does not run, does not answer in time or answers in an unknown format, it counts as absent, and
// the command reads the services itself.
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

/** An answer about a thousand services takes about 20 ms. A command that has waited this long reads the services itself. */
const timeoutMs = 1200;
/** An agent that did not answer is not asked again for this long, because one command may ask several times. */
const silentMs = 10_000;
/** If a sample is later than this, the agent counts as gone. */
const quietMarginMs = 5000;

export type AgentClient = Agent & {
  model: ModelSource;
  /**
   * Asks the agent to read units; the backend defines the calls. Null where no agent of this version answers in time. A late
   * answer here does not make the agent count as gone, because the agent may be waiting for the user manager.
   */
  relay(calls: unknown[], withinMs: number): Promise<unknown[] | null>;
};

export function agentClient(state: string): AgentClient {
  let trouble: string | null = null;
  let silentUntilMs = Number.NEGATIVE_INFINITY;
  const side = { path: socketFile(state), keyFile: keyFile(state), channel: agentChannel };
  /** Null where no agent runs. Throws what `late` makes, and where the answer cannot be read. */
  const exchange = async (question: Question, withinMs: number, late: () => Error): Promise<AgentAnswer | null> => {
    // `lock: null` makes a refused connection count as an absent agent. The command then reads the services itself, which is
    // always correct.
    const text = await ask(side, question, { timeoutMs: withinMs, late, lock: null });
    return text === null ? null : answerOf(JSON.parse(text));
  };
  const answered = async (question: Question): Promise<AgentAnswer | null> => {
    if (performance.now() < silentUntilMs) return null;
    const late = () => {
      silentUntilMs = performance.now() + silentMs;
      return new Error(`no answer within ${timeoutMs / 1000} s`);
    };
    trouble = null;
    try {
      return await exchange(question, timeoutMs, late);
    } catch (error) {
      trouble = v.isValiError(error) ? "it runs another version of bs9, whose answers this version cannot read" : reasonOf(error);
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
        // A sample comes at least once per interval. A feed that is silent for three intervals has ended.
        const options = { signal, firstMs: timeoutMs, quietMs: 3 * Math.max(paceMs, fastestPaceMs) + quietMarginMs };
        const lines = followChannel(side, question, options);
        try {
          yield* eventsIn(lines);
        } catch (error) {
          // An agent of another version sends other events. The feed ends, so that the reader reads the services itself.
          if (!v.isValiError(error) && !(error instanceof SyntaxError)) throw error;
        }
      },
    },
    async relay(calls, withinMs) {
      if (performance.now() < silentUntilMs) return null;
      try {
        const answer = await exchange({ ask: "units", calls }, withinMs, () => new Error(`no answer within ${withinMs} ms`));
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

/** Asks an agent in this process directly, without its socket. An agent that throws counts as gone. */
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
        // The agent cannot read the services. The feed ends, so that the reader reads them itself.
      }
    },
  };
}

/**
 * Returns false if a requested service is missing in the answer of the agent without a warning: the agent does not know it yet,
 * so the command reads the services itself.
 */
function isWhole({ services, warnings }: Snapshot, names: string[]): boolean {
  return services.length >= names.length || warnings.length > 0;
}

/**
 * Does not validate the answer of an agent of the same version, because the same code made it: with a thousand services,
 * validating every field would take longer than the rest of `status`.
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
