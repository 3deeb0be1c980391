// What bs9-alert.service runs. Users cannot call it as a command: systemd starts it when a service has failed and no agent runs.
import type { RunProgram } from "../alerting/channels/command.ts";
import { AlertsInForce } from "../alerting/config/in-force.ts";
import { Deliveries, hasChannel, spoolFile } from "../alerting/spool/deliver.ts";
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
    const open = () => new Deliveries({ file: spoolFile(paths.state), channels, home: paths.home, now: Date.now, run });
    const tell = (put: Put) => tellFailures({ backend, registry, inForce, state: paths.state, put });
    const beganMs = performance.now();
    const pause = async () => {
      if (signal.aborted || performance.now() - beganMs > longestMs) return false;
      await Promise.race([Bun.sleep(lookMs), ended(signal)]);
      return true;
    };
    await tellAll(tell, open, pause);
    return null;
  },
};

type Put = Deliveries["put"];

/**
 * systemd starts no second process while this one runs, so each turn looks at the services again, and so does the very last step:
 * a service may fail while the channels are closed. `pause`: resolves to false when the time is over.
 */
export async function tellAll(
  tell: (put: Put) => Promise<number | null>,
  open: () => Pick<Deliveries, "put" | "waiting" | "close">,
  pause: () => Promise<boolean>,
): Promise<void> {
  let deliveries: ReturnType<typeof open> | null = open();
  while (deliveries !== null) {
    const current: ReturnType<typeof open> = deliveries;
    deliveries = null;
    let later: number | null;
    try {
      do later = await tell((message) => current.put(message));
      while (later !== null && (later > 0 || current.waiting() > 0) && (await pause()));
    } finally {
      await current.close();
    }
    if (later === null) return;
    await tell((message) => {
      deliveries ??= open();
      deliveries.put(message);
    });
  }
}
