// The agent as bs9-agent.service runs it. Users cannot call it as a command: systemd starts it, by a variable in its environment.
import { runAgent } from "../agent/run.ts";
import { agentVariable } from "../backend/backend.ts";
import { failed } from "../base/errors.ts";
import { ended } from "../base/interrupt.ts";
import { releaseMemory } from "../base/memory.ts";
import { stampOf } from "../base/stamp.ts";
import { logsFolder } from "../logs/store/place.ts";
import { careForLogs } from "../logs/store/tick.ts";
import { agentOptions } from "./agent-options.ts";
import type { Command } from "./command.ts";

/** After this time the agent has read every service once. */
const settledMs = 20_000;
const releaseEveryMs = 60_000;

/**
 * Ends when the AbortSignal is aborted, and when another bs9 has replaced the executable on disk: systemd then starts that bs9.
 */
export const agentCommand: Command = {
  name: "bs9-agent",
  synopsis: "",
  summary: "follows services, probes them and keeps what they do",
  options: [],
  examples: [],
  exits: [],
  async run(_, context) {
    // Processes that the agent starts must not act as an agent.
    delete process.env[agentVariable];
    const { paths, signal } = context;
    const { backend } = await context.deps();
    const timers = [setTimeout(releaseMemory, settledMs), setInterval(releaseMemory, releaseEveryMs)];
    const [replaced, stalled] = [Promise.withResolvers<void>(), Promise.withResolvers<never>()];
    const own = stampOf(process.execPath);
    const agent = await runAgent({
      ...agentOptions(context),
      backend,
      async chores() {
        const now = stampOf(process.execPath);
        // Where the executable was removed, nothing could take the place of this process, so it runs on.
        if (now !== null && own !== null && now !== own) replaced.resolve();
        await careForLogs(logsFolder(paths.state));
      },
      stalled: async () =>
        stalled.reject(
          failed("the agent restarts, because one turn of its loop has not ended in time", { hint: "bs9 describe bs9-agent" }),
        ),
    });
    context.agentIsHere(agent.model);
    try {
      await Promise.race([ended(signal), replaced.promise, stalled.promise]);
    } finally {
      for (const timer of timers) clearTimeout(timer);
      await agent.stop();
    }
    return null;
  },
};
