// The launcher, which runs in the process that becomes the service: it applies the plan of the supervisor step by step, then
// executes the program. The supervisor cannot do these steps for another process, so the process does them itself, as in
// chainloading (execline).
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { wrongMountStatus } from "../backend/ended.ts";
import { scopesVersion } from "../backend/landlock.ts";
import { errnoOf, reasonOf } from "../base/errors.ts";
import { becomesStdin, heedSignals, limitOpenFiles, renounceNewPrivileges, setUmask } from "./kernel.ts";
import { landlockVersion, restrict } from "./landlock.ts";
import { openAsNamed, Replaced } from "./named.ts";
import { refuseLimitsOfOthers } from "./seccomp.ts";

/** Set in the environment of a bs9 process that acts as launcher; the launcher reads the plan from stdin. */
export const launchVariable = "BS9_LAUNCH";

export const LaunchPlan = v.strictObject({
  argv: v.array(v.string()),
  env: v.record(v.string(), v.string()),
  cwd: v.string(),
  /** The cgroup to join; null: stay in the cgroup of the supervisor. */
  cgroup: v.nullable(v.string()),
  files: v.number(),
  umask: v.number(),
  /** True: a seccomp filter stops the service from setting the limits of other processes. */
  keepsLimits: v.boolean(),
  /** True: the program is not executed unless the kernel can keep signals and abstract sockets inside the service. */
  isolationRequired: v.boolean(),
  /** The paths that Landlock opens. Null: no sandbox beyond NoNewPrivs. */
  landlock: v.nullable(
    v.strictObject({
      readable: v.array(v.string()),
      writable: v.array(v.string()),
      listable: v.array(v.string()),
      /** Absent in the plan of an older bs9. */
      sockets: v.optional(v.array(v.string()), []),
      /** System directories, which no service can replace: symbolic links on the way to them are followed. */
      system: v.array(v.string()),
      /** The targets of the paths that are symbolic links. */
      leads: v.record(v.string(), v.string()),
    }),
  ),
});
export type LaunchPlan = v.InferOutput<typeof LaunchPlan>;

/**
 * The text that ends a plan (the instructions for the launcher): a plan without it is incomplete, and the launcher does not
 * execute it.
 */
const planEnd = "\n";
export const planText = (plan: LaunchPlan): string => `${JSON.stringify(plan)}${planEnd}`;

/** EX_TEMPFAIL of sysexits.h(3head): the service itself was not at fault. */
const EXIT_NO_PLAN = 75;
// The exit statuses that systemd.exec(5) defines for the same failures.
const EXIT_CHDIR = 200;
const EXIT_EXEC = 203;
const EXIT_STDIN = 208;
const EXIT_CGROUP = 219;
const EXIT_NAMESPACE = 226;

const SIGPIPE = 13;
const SIGXFSZ = 25;

/**
 * Returns only where the program could not be executed: the exit status, after an error line on stderr unless the plan was
 * missing.
 */
export function launch(): number {
  const text = readFileSync(0, "utf8");
  // The supervisor died before it had written the whole plan: the next supervisor starts the service.
  if (!text.endsWith(planEnd)) return EXIT_NO_PLAN;
  const plan = v.parse(LaunchPlan, JSON.parse(text));
  for (const { status, what, act } of stepsOf(plan)) {
    try {
      act();
    } catch (error) {
      const reason = errnoOf(error) === "ENOENT" ? "no such file or directory" : reasonOf(error);
      writeSync(2, `bs9: cannot ${what}: ${reason}\n`);
      return error instanceof Replaced ? wrongMountStatus : status;
    }
  }
  return EXIT_EXEC;
}

/**
 * In a sandbox only the directory of that name is entered, not the target of a symbolic link. /proc/self/fd refers to the
 * opened directory, so that the path is not looked up a second time.
 */
function enter(folder: string, isShut: boolean): void {
  if (!isShut) {
    process.chdir(folder);
    return;
  }
  const fd = openAsNamed(folder, folder);
  try {
    process.chdir(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}

type Step = { status: number; what: string; act: () => void };

function stepsOf({ argv, env, cwd, cgroup, files, umask, landlock, keepsLimits, isolationRequired }: LaunchPlan): Step[] {
  return [
    {
      status: EXIT_CGROUP,
      what: "join its cgroup",
      act: () => {
        if (cgroup !== null) writeFileSync(join(cgroup, "cgroup.procs"), String(process.pid));
        limitOpenFiles(files);
        setUmask(umask);
      },
    },
    { status: EXIT_CHDIR, what: `enter the working directory ${cwd}`, act: () => enter(cwd, landlock !== null) },
    {
      status: EXIT_STDIN,
      what: "open /dev/null",
      act: () => {
        const nothing = openSync("/dev/null", "r");
        becomesStdin(nothing);
        closeSync(nothing);
        heedSignals([SIGPIPE, SIGXFSZ]);
      },
    },
    {
      status: EXIT_NAMESPACE,
      what: "set up its sandbox",
      act: () => {
        if (!renounceNewPrivileges()) throw new Error("the kernel refused NoNewPrivs");
        if (isolationRequired && landlockVersion() < scopesVersion) throw new Error("this kernel cannot keep signals inside a service");
        if (landlock !== null) restrict(landlock);
        // The seccomp filter is added after the Landlock rules. It is visible on the live process, and shows there that the
        // launcher has applied both.
        if (keepsLimits && !refuseLimitsOfOthers()) throw new Error("the kernel refused a system call filter");
      },
    },
    { status: EXIT_EXEC, what: `execute ${argv[0]}`, act: () => process.execve?.(argv[0] ?? "", argv, env) },
  ];
}
