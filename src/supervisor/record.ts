// The record that the supervisor keeps of each service on disk, so that the next supervisor can take the service over.
import { readdirSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { sandboxEdition } from "../backend/sandbox.ts";
import { readIfThere, writeWhole } from "../base/files.ts";
import { bootId, readProc, startTimeOf } from "../base/proc.ts";
import { namePattern } from "../service/name.ts";
import { Spec } from "../service/spec.ts";
import { LaunchPlan } from "./launch.ts";
import { lifeStates } from "./table.ts";

/** A pid alone does not identify a process, because pids are reused. */
const Process = v.strictObject({ pid: v.number(), startTime: v.string(), era: v.string() });
export type Process = v.InferOutput<typeof Process>;

/** The plan that was made from the spec when the service was defined. */
export const DefinedPlan = v.omit(LaunchPlan, ["cgroup"]);

const Record = v.strictObject({
  version: v.literal(1),
  /** The spec as it was last defined; this spec is run. */
  spec: Spec,
  /** A hash of the plan that was made from the spec at that time. */
  derived: v.string(),
  /** The plan itself; null where another version of bs9 wrote a plan that this version cannot parse. */
  plan: v.fallback(v.nullable(DefinedPlan), null),
  /** The version number of the sandbox rules in the plan; records with version 1 do not contain the number. */
  edition: v.optional(v.number(), 1),
  wanted: v.boolean(),
  /** The service was active when its supervisor was told to end, so the next supervisor starts it. */
  resume: v.boolean(),
  state: v.picklist(lifeStates),
  /** The boot and the pid namespace in which `state` and `process` are valid. */
  era: v.string(),
  process: v.nullable(Process),
  /** The process has received its plan, so its program may have run; false while a launcher waits for the plan. */
  launched: v.optional(v.boolean(), true),
  /** The absolute path of its own cgroup; null where it has none. */
  cgroup: v.nullable(v.string()),
  restarts: v.number(),
  /** The number of starts in a row; the time of the last one is in seconds since the boot. */
  starts: v.number(),
  lastStartSec: v.number(),
  /** How the service last ended, in words. */
  end: v.nullable(v.string()),
});
export type Record = v.InferOutput<typeof Record>;

export const blank = (spec: Spec, derived: string, plan: Record["plan"]): Record => ({
  version: 1,
  spec,
  derived,
  plan,
  edition: sandboxEdition,
  wanted: false,
  resume: false,
  state: "inactive",
  era: era(),
  process: null,
  launched: false,
  cgroup: null,
  restarts: 0,
  starts: 0,
  lastStartSec: 0,
  end: null,
});

export class Records {
  readonly #folder: string;

  constructor(state: string) {
    this.#folder = join(state, "services");
  }

  file(name: string): string {
    return join(this.#folder, `${name}.json`);
  }

  names(): string[] {
    try {
      return readdirSync(this.#folder)
        .filter((file) => file.endsWith(".json"))
        .map((file) => file.slice(0, -".json".length))
        .filter((name) => namePattern.test(name))
        .sort();
    } catch {
      return [];
    }
  }

  /**
   * Reads the record of a service; null if it does not exist or cannot be parsed: the next definition of the service writes it
   * again.
   */
  get(name: string): Record | null {
    try {
      const parsed = v.safeParse(Record, JSON.parse(readIfThere(this.file(name), maxBytes) ?? "null"));
      return parsed.success ? parsed.output : null;
    } catch {
      return null;
    }
  }

  /** Pass `isLasting` false where only the state of processes changed, which is worthless after a crash of the machine. */
  put(record: Record, isLasting: boolean): void {
    writeWhole(this.file(record.spec.name), JSON.stringify(record), 0o600, isLasting);
  }

  remove(name: string): void {
    rmSync(this.file(name), { force: true });
  }
}

const maxBytes = 16 * 1024 * 1024;

let ownEra: string | null = null;

/** Start times count from the boot and pids belong to a namespace: in another container both are meaningless. */
export function era(): string {
  // The number of a namespace may be reused, but the PID 1 of two namespaces does not start at the same time.
  ownEra ??= `${bootId()} ${readlinkSync("/proc/self/ns/pid")} ${startTimeOf(1)}`;
  return ownEra;
}

export function processOf(pid: number): Process | null {
  const startTime = startTimeOf(pid);
  return startTime === null ? null : { pid, startTime, era: era() };
}

/** A zombie has ended, whether or not its parent has reaped it. */
export function isAlive({ pid, startTime, era: seen }: Process): boolean {
  if (seen !== era() || startTimeOf(pid) !== startTime) return false;
  const stat = readProc(`${pid}/stat`);
  return stat !== null && stat[stat.lastIndexOf(")") + 2] !== "Z";
}
