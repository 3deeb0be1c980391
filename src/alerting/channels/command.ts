// The channel that runs a program of the user, with the message as JSON on its standard input.
import { reasonOf } from "../../base/errors.ts";
import { type AlertChannel, declined, taken, unreachable } from "./channel.ts";
import { oneLine } from "./sentence.ts";

/** Runs a program in a sandbox, and ends it after the timeout. Throws where the program cannot be run. */
export type RunProgram = (argv: readonly string[], input: string, timeoutMs: number) => Promise<{ exitCode: number; timedOut: boolean }>;

/** The program is ended before the channel gives up, so that it does not run on beside the next one. */
const programMs = 8000;
const maxName = 200;

export function command(argv: readonly string[], run: RunProgram): AlertChannel {
  return {
    address: "command",
    name: `command ${oneLine(argv[0] ?? "", maxName)}`,
    async send(message) {
      try {
        const { exitCode, timedOut } = await run(argv, `${JSON.stringify(message)}\n`, programMs);
        if (timedOut) return unreachable(`did not end within ${programMs / 1000} s`);
        return exitCode === 0 ? taken("exited with 0") : declined(`exited with ${exitCode}`);
      } catch (error) {
        return unreachable(oneLine(reasonOf(error), maxName));
      }
    },
  };
}
