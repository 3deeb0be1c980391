// What the supervisor keeps of each service on disk, so that the next one can take it over.
import { readdirSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { readIfThere, writeWhole } from "../base/files.ts";
import { bootId, readProc, startTimeOf } from "../base/proc.ts";
import { namePattern } from "../service/name.ts";
import { Spec } from "../service/spec.ts";
import { LaunchPlan } from "./launch.ts";
import { lifeStates } from "./table.ts";

/** A process is named by all three: pids come again. */
const Process = v.strictObject({ pid: v.number(), startTime: v.string(), era: v.string() });
export type Process = v.InferOutput<typeof Process>;

/** What a spec was made into when it was defined. */
export const DefinedPlan = v.omit(LaunchPlan, ["cgroup"]);

const Record = v.strictObject({
  version: v.literal(1),
  /** What is run: the spec as it was defined last. */
  spec: Spec,
  /** Names what the spec was derived into then. */
  derived: v.string(),
  /** That itself; null where another bs9 has written it that this one does not understand. */
  plan: v.fallback(v.nullable(DefinedPlan), null),
  wanted: v.boolean(),
  /** It was up when its supervisor was told to end, and is to be up with the next one. */
  resume: v.boolean(),
  state: v.picklist(lifeStates),
  /** The boot, and the namespace of pids, that state and process are of. */
  era: v.string(),
  process: v.nullable(Process),
  /** The process had its plan, so that its program may have run; false while it is a launcher that waits for it. */
  launched: v.optional(v.boolean(), true),
  /** Its cgroup, an absolute folder, where it has one of its own. */
  cgroup: v.nullable(v.string()),
  restarts: v.number(),
  /** Starts in a row, and when the last of them was, in seconds since the boot. */
  starts: v.number(),
  lastStartSec: v.number(),
  /** How it last ended, in words. */
  end: v.nullable(v.string()),
});
export type Record = v.InferOutput<typeof Record>;

export const blank = (spec: Spec, derived: string, plan: Record["plan"]): Record => ({
  version: 1,
  spec,
  derived,
  plan,
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

  /** Null for one that is not there or cannot be understood: a definition makes it anew. */
  get(name: string): Record | null {
    try {
      const parsed = v.safeParse(Record, JSON.parse(readIfThere(this.file(name), maxBytes) ?? "null"));
      return parsed.success ? parsed.output : null;
    } catch {
      return null;
    }
  }

  /** `isLasting`: not only what is so of processes, which means nothing after a crash of the machine. */
  put(record: Record, isLasting: boolean): void {
    writeWhole(this.file(record.spec.name), JSON.stringify(record), 0o600, isLasting);
  }

  remove(name: string): void {
    rmSync(this.file(name), { force: true });
  }
}

const maxBytes = 16 * 1024 * 1024;

let ownEra: string | null = null;

/** Start times count from the boot, pids from the namespace: in another container both mean nothing. */
export function era(): string {
  // The number of a namespace may come again, its PID 1 does not start at the same time.
  ownEra ??= `${bootId()} ${readlinkSync("/proc/self/ns/pid")} ${startTimeOf(1)}`;
  return ownEra;
}

export function processOf(pid: number): Process | null {
  const startTime = startTimeOf(pid);
  return startTime === null ? null : { pid, startTime, era: era() };
}

/** A zombie has ended, whether or not somebody has fetched it. */
export function isAlive({ pid, startTime, era: seen }: Process): boolean {
  if (seen !== era() || startTimeOf(pid) !== startTime) return false;
  const stat = readProc(`${pid}/stat`);
  return stat !== null && stat[stat.lastIndexOf(")") + 2] !== "Z";
}
