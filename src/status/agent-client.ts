// Asks the agent. If the agent does not run, does not answer in time or answers in an unknown format, it counts as absent, and
// the command reads the services itself.
import * as v from "valibot";
import { type AgentSocket, versionText } from "../backend/agent-socket.ts";
import { followChannel } from "../base/channel/follow.ts";
import { reasonOf } from "../base/errors.ts";
import { AgentAnswer, FeedHead, fastestPaceMs, longestPaceMs, type Question, type Self } from "./agent-protocol.ts";
import type { ModelEvent } from "./events.ts";
import type { FollowOptions, Model, ModelSource } from "./model.ts";
import type { Snapshot } from "./schema.ts";

/** An answer about a thousand services takes about 20 ms. A command that has waited this long reads the services itself. */
const timeoutMs = 1200;
/** If a sample is later than this, the agent counts as gone. */
const quietMarginMs = 5000;

export class AgentClient implements ModelSource {
  /** The version of this bs9, which its own agent has too. */
  readonly version = versionText;
  readonly #socket: AgentSocket;
  #trouble: string | null = null;

  constructor(socket: AgentSocket) {
    this.#socket = socket;
  }

  /** Why the agent did not answer the last request; null if it answered, or if no agent runs. */
  get trouble(): string | null {
    return this.#trouble;
  }

  async now(names: string[]): Promise<Snapshot | null> {
    const answer = await this.#ask({ ask: "now", names });
    return answer !== null && "now" in answer && isWhole(answer.now, names) ? answer.now : null;
  }

  async *follow({ signal, paceMs }: FollowOptions): AsyncGenerator<ModelEvent> {
    const question: Question = { ask: "follow", paceMs: Math.min(paceMs, longestPaceMs) };
    // A sample comes at least once per interval. A feed that is silent for three intervals has ended.
    const options = { signal, firstMs: timeoutMs, quietMs: 3 * Math.max(paceMs, fastestPaceMs) + quietMarginMs };
    try {
      yield* eventsIn(followChannel(this.#socket.side, question, options));
    } catch (error) {
      // An agent of another version sends other events. The feed ends, so that the reader reads the services itself.
      if (!v.isValiError(error) && !(error instanceof SyntaxError)) throw error;
    }
  }

  /** What the agent reports about itself; null if no agent runs, or if it does not answer in time. */
  async self(): Promise<Self | null> {
    const answer = await this.#ask({ ask: "self" });
    return answer !== null && "self" in answer ? answer.self : null;
  }

  async #ask(question: Question): Promise<AgentAnswer | null> {
    if (this.#socket.isSilent) return null;
    this.#trouble = null;
    try {
      const said = await this.#socket.ask(question, { withinMs: timeoutMs, isSilentIfLate: true });
      const answer = said === null ? null : answerOf(said);
      if (answer !== null && "error" in answer) this.#trouble = answer.error;
      return answer;
    } catch (error) {
      this.#trouble = v.isValiError(error) ? "it runs another version of bs9, whose answers this version cannot read" : reasonOf(error);
      return null;
    }
  }
}

async function* eventsIn(lines: AsyncIterable<string>): AsyncGenerator<ModelEvent> {
  let isOwn: boolean | null = null;
  for await (const line of lines) {
    const said: unknown = JSON.parse(line);
    if (isOwn !== null) {
      yield isOwn ? (said as ModelEvent) : v.parse((await import("./events.ts")).ModelEvent, said);
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
]);
