// The socket of the agent: where it is, what is sent over it, and how one question is asked. An agent that does not run, or did
// not answer in time a moment ago, counts as absent.
import { join } from "node:path";
import { ask, type Side } from "../base/channel/ask.ts";
import type { Channel } from "../base/channel/head.ts";
import { version } from "../version.ts";

/** `protocol` is increased with every change that the other side would not understand. */
export const agentChannel: Channel = { protocol: 4, who: "agent", maxQuestionBytes: 1024 * 1024, maxAnswerBytes: 64 * 1024 * 1024 };

/** The version and commit of this bs9. Two processes run the same bs9 if both are equal. */
export const versionText = `${version.version}+${version.commit}`;

export const socketFile = (state: string): string => join(state, "agent.sock");
export const keyFile = (state: string): string => join(state, "agent.key");

/** An agent that did not answer is not asked again for this long, because one command may ask several times. */
const silentMs = 10_000;

export class AgentSocket {
  readonly side: Side;
  #silentUntilMs = Number.NEGATIVE_INFINITY;

  /** `state`: the state directory of bs9. */
  constructor(state: string) {
    this.side = { path: socketFile(state), keyFile: keyFile(state), channel: agentChannel };
  }

  /** True while the agent counts as absent, because it did not answer in time a moment ago. */
  get isSilent(): boolean {
    return performance.now() < this.#silentUntilMs;
  }

  /**
   * Asks the agent, and returns its answer without a check of its form. Null if no agent runs, or if it counts as absent.
   * `isSilentIfLate`: an agent that does not answer within `withinMs` counts as absent for a while. Throws if it does not answer
   * in time, and if its answer is not JSON.
   */
  async ask(question: object, { withinMs, isSilentIfLate }: { withinMs: number; isSilentIfLate: boolean }): Promise<unknown> {
    if (this.isSilent) return null;
    const late = () => {
      if (isSilentIfLate) this.#silentUntilMs = performance.now() + silentMs;
      return new Error(`no answer within ${withinMs / 1000} s`);
    };
    // `lock: null` makes a refused connection count as an absent agent. The command then reads the services itself, which is
    // always correct.
    const text = await ask(this.side, question, { timeoutMs: withinMs, late, lock: null });
    return text === null ? null : JSON.parse(text);
  }
}
