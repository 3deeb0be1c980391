// What bs9-alert.service runs. Users cannot call it as a command: systemd starts it when a service has failed and no agent runs.
import { Pause } from "../agent/pause.ts";
import type { RunProgram } from "../alerting/channels/command.ts";
import { AlertsInForce } from "../alerting/config/in-force.ts";
import { Deliveries, hasChannel, spoolFile } from "../alerting/spool/deliver.ts";
import { alertVariable } from "../backend/backend.ts";
import { ended } from "../base/interrupt.ts";
import { longestMs, type ToldFailures, tellFailures } from "../lifecycle/failures.ts";
import { runProgram } from "../lifecycle/program.ts";
import type { Command } from "./command.ts";

/** Where changes cannot be reported, and to see that an agent runs again, this process looks by itself. */
const lookMs = 30_000;
const lookUnwatchedMs = 2000;
/** Changes that are reported within this time are read together. */
const togetherMs = 200;

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
    const wait = new Pause();
    void ended(signal).then(() => wait.end());
    // systemd starts no second process while this one runs, so it hears of further failures itself.
    let isWatched = true;
    const watch = await backend.watch(
      () => wait.wake(),
      () => {
        isWatched = false;
        wait.wake();
      },
    );
    const onEmpty = () => wait.wake();
    const open = () => new Deliveries({ file: spoolFile(paths.state), channels, home: paths.home, now: Date.now, run, onEmpty });
    const tell = (put: Put) => tellFailures({ backend, registry, inForce, state: paths.state, put });
    const beganMs = performance.now();
    const pause = async (againMs: number | null) => {
      const leftMs = longestMs - (performance.now() - beganMs);
      if (signal.aborted || leftMs <= 0) return false;
      const longMs = watch !== null && isWatched ? lookMs : lookUnwatchedMs;
      if (await wait.wait(Math.min(againMs ?? longMs, longMs, leftMs))) await Bun.sleep(togetherMs);
      return !signal.aborted;
    };
    try {
      await tellAll(tell, open, pause);
    } finally {
      watch?.close();
    }
    return null;
  },
};

type Put = Deliveries["put"];

/**
 * Looks at the services once more as the very last step: a service may fail while the channels are closed. `pause` waits for
 * something to happen, at most for the given time; it resolves to false when the time of this process is over.
 */
export async function tellAll(
  tell: (put: Put) => Promise<ToldFailures | null>,
  open: () => Pick<Deliveries, "put" | "waiting" | "close">,
  pause: (againMs: number | null) => Promise<boolean>,
): Promise<void> {
  let deliveries: ReturnType<typeof open> | null = open();
  while (deliveries !== null) {
    const current: ReturnType<typeof open> = deliveries;
    deliveries = null;
    let told: ToldFailures | null;
    try {
      do told = await tell((message) => current.put(message));
      while (told !== null && (told.againMs !== null || current.waiting() > 0) && (await pause(told.againMs)));
    } finally {
      await current.close();
    }
    if (told === null) return;
    await tell((message) => {
      deliveries ??= open();
      return deliveries.put(message);
    });
  }
}
