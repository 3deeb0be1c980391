// What bs9-alert.service runs. Users cannot call it as a command: systemd starts it when a service has failed and no agent runs.
import type { RunProgram } from "../alerting/command.ts";
import { Deliveries, hasChannel, spoolFile } from "../alerting/deliver.ts";
import { AlertsInForce } from "../alerting/in-force.ts";
import { alertVariable } from "../backend/backend.ts";
import { ended } from "../base/interrupt.ts";
import { tellFailures } from "../lifecycle/failures.ts";
import { runProgram } from "../lifecycle/program.ts";
import type { Command } from "./command.ts";

/** While a channel does not take the messages, this process tries; afterwards the next one, or the agent, goes on. */
const longestMs = 10 * 60_000;
const lookMs = 500;

export const alertFailuresCommand: Command = {
  name: "bs9-alert",
  synopsis: "",
  summary: "tells that services have failed while the agent does not run",
  options: [],
  examples: [],
  exits: [],
  async run(_, { paths, registry, signal, deps }) {
    delete process.env[alertVariable];
    const inForce = new AlertsInForce(paths);
    const { enabled, channels } = inForce.config;
    if (!enabled || !hasChannel(channels)) return null;
    const { backend } = await deps();
    const run: RunProgram = (argv, input, timeoutMs) => runProgram(argv, input, timeoutMs, { backend, paths });
    const deliveries = new Deliveries({ file: spoolFile(paths.state), channels, home: paths.home, now: Date.now, run });
    const put = deliveries.put.bind(deliveries);
    const beganMs = performance.now();
    try {
      // systemd starts no second process while this one runs, so each turn looks at the services again, and so does the last one.
      for (;;) {
        const later = await tellFailures({ backend, registry, inForce, state: paths.state, put });
        if (later === null || (later === 0 && deliveries.waiting() === 0)) return null;
        if (signal.aborted || performance.now() - beganMs > longestMs) return null;
        await Promise.race([Bun.sleep(lookMs), ended(signal)]);
      }
    } finally {
      await deliveries.close();
    }
  },
};
