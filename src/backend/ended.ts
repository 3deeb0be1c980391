// Describes in words how a unit ended, from its properties and from the exit statuses of systemd.
import { constants } from "node:os";

export type Exit = { code: "exited" | "killed" | "dumped"; status: number };

/** The sentences that both backends write into the log of a service, or show for a service that was given up. */
export const endings = {
  givenUp: "given up: it was restarted as often as --max-restarts allows",
  tooOften: "given up: it ended too often",
  unhealthy: "it is unhealthy, so it is restarted",
  notInTime: "did not stop in time, so it is killed",
  outOfMemory: "killed: out of memory",
} as const;

/** `result` is the property Result= of systemd (`exit-code`, `oom-kill`, …, systemd.exec(5)); null where no end is known. */
export function wordsOfEnd(result: string | null, exit: Exit | null): string | null {
  if (result === "oom-kill") return endings.outOfMemory;
  if (result === "timeout") return "it did not start in time";
  if (result === "start-limit-hit") return endings.givenUp;
  if (exit !== null) return wordsOfExit(exit);
  return result === null ? null : "it ended";
}

export function wordsOfExit({ code, status }: Exit): string {
  if (code === "exited") return statuses[status] ?? `exited with ${status}`;
  return `killed by ${signalName(status)}${code === "dumped" ? ", core dumped" : ""}`;
}

const signals = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

export function signalName(number: number): string {
  return signals.get(number) ?? `signal ${number}`;
}

/** bs9 ends the start of a service that is given up with this status, so that systemd does not start it again. */
export const givenUpStatus = 198;
/** bs9 ends a start with this status if the sandbox would show another directory than the one it was defined with. */
export const wrongMountStatus = 199;

/** Statuses from 200 on are those of systemd.exec(5) for features that bs9 uses. */
const statuses: Record<number, string> = {
  [givenUpStatus]: endings.givenUp,
  [wrongMountStatus]: "refused to run: a directory of its sandbox was replaced by a symbolic link (exit 199)",
  200: "its working directory cannot be entered (exit 200)",
  203: "the program cannot be executed (exit 203)",
  217: "this host denies user namespaces (exit 217)",
  218: "this host denies a part of the sandbox (exit 218)",
  226: "the file system of its sandbox cannot be set up (exit 226)",
  228: "the system call filter cannot be set up (exit 228)",
};
