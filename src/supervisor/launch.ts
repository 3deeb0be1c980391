// Runs in the process that becomes the service: takes on what is asked for, step by step, and executes the program.
// Each step is one that a supervisor could not take for another process; after the example of chainloading (execline).
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { errnoOf, reasonOf } from "../base/errors.ts";
import { becomesStdin, heedSignals, limitOpenFiles, renounceNewPrivileges, setUmask } from "./kernel.ts";
import { restrict } from "./landlock.ts";

/** In the environment of a bs9 that is to launch; the plan is on stdin. */
export const launchVariable = "BS9_LAUNCH";

export const LaunchPlan = v.strictObject({
  argv: v.array(v.string()),
  env: v.record(v.string(), v.string()),
  cwd: v.string(),
  /** Where it is to be, null: where its supervisor is. */
  cgroup: v.nullable(v.string()),
  files: v.number(),
  umask: v.number(),
  /** What Landlock is to open; null: no sandbox beyond NoNewPrivs. */
  landlock: v.nullable(v.strictObject({ readable: v.array(v.string()), writable: v.array(v.string()) })),
});
export type LaunchPlan = v.InferOutput<typeof LaunchPlan>;

// The exit statuses of systemd.exec(5) for the same troubles.
const EXIT_CHDIR = 200;
const EXIT_EXEC = 203;
const EXIT_CGROUP = 219;
const EXIT_NAMESPACE = 226;

const SIGPIPE = 13;
const SIGXFSZ = 25;

/** Returns only by an exit status, with a line on stderr. */
export function launch(): never {
  const plan = v.parse(LaunchPlan, JSON.parse(readFileSync("/dev/stdin", "utf8")));
  const { argv, env, cgroup } = plan;
  step(EXIT_CGROUP, "join its cgroup", () => cgroup !== null && writeFileSync(join(cgroup, "cgroup.procs"), String(process.pid)));
  limitOpenFiles(plan.files);
  step(EXIT_CHDIR, `work in ${plan.cwd}`, () => process.chdir(plan.cwd));
  setUmask(plan.umask);
  const nothing = openSync("/dev/null", "r");
  becomesStdin(nothing);
  closeSync(nothing);
  heedSignals([SIGPIPE, SIGXFSZ]);
  step(EXIT_NAMESPACE, "set up its sandbox", () => {
    if (!renounceNewPrivileges()) throw new Error("the kernel does not take NoNewPrivs");
    if (plan.landlock !== null) restrict(plan.landlock);
  });
  step(EXIT_EXEC, `execute ${argv[0]}`, () => process.execve?.(argv[0] ?? "", argv, env));
  process.exit(EXIT_EXEC);
}

function step(status: number, what: string, act: () => unknown): void {
  try {
    act();
  } catch (error) {
    const reason = errnoOf(error) === "ENOENT" ? "it is not there" : reasonOf(error);
    process.stderr.write(`bs9: cannot ${what}: ${reason}\n`);
    process.exit(status);
  }
}
