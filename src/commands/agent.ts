// The agent as what bs9-agent.service runs. No command of its own: systemd starts it, by a variable in its environment.
import { agentVariable } from "../backend/backend.ts";
import { failed } from "../base/errors.ts";
import { ended } from "../base/interrupt.ts";
import { releaseMemory } from "../base/memory.ts";
import { logsFolder } from "../logs/store/place.ts";
import { careForLogs } from "../logs/store/tick.ts";
import { agentOn, stampOf } from "./agent-on.ts";
import type { Command } from "./command.ts";

/** By then it has looked at every service once. */
const settledMs = 20_000;
const releaseEveryMs = 60_000;

/** Ends with the signal, or where another bs9 has taken the place of this one on disk: systemd then starts that. */
export const agentCommand: Command = {
  name: "bs9-agent",
  synopsis: "",
  summary: "follows services, probes them and keeps what they do",
  options: [],
  examples: [],
  exits: [],
  async run(_, context) {
    // Nothing that it starts is to be an agent.
    delete process.env[agentVariable];
    const { paths, signal } = context;
    const { backend } = await context.deps({ settles: false });
    const timers = [setTimeout(releaseMemory, settledMs), setInterval(releaseMemory, releaseEveryMs)];
    const [replaced, stalled] = [Promise.withResolvers<void>(), Promise.withResolvers<never>()];
    const own = stampOf(process.execPath);
    const running = await agentOn(backend, context, {
      async chores() {
        const now = stampOf(process.execPath);
        // One that was removed runs on: there is nothing that could take its place.
        if (now !== null && own !== null && now !== own) replaced.resolve();
        await careForLogs(logsFolder(paths.state));
      },
      stalled: async () =>
        stalled.reject(failed("a turn of the agent has not ended in time: it starts anew", { hint: "bs9 describe bs9-agent" })),
    });
    try {
      await Promise.race([ended(signal), replaced.promise, stalled.promise]);
    } finally {
      for (const timer of timers) clearTimeout(timer);
      await running.stop();
    }
    return null;
  },
};
