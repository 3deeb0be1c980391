// Runs in the process that becomes the service: takes on what is asked for, step by step, and executes the program.
// A supervisor cannot do these steps for another process, so the process itself does them; after the example of chainloading (execline).
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

/** In the environment of a bs9 that is to launch; the plan comes on stdin. */
export const launchVariable = "BS9_LAUNCH";

export const LaunchPlan = v.strictObject({
  argv: v.array(v.string()),
  env: v.record(v.string(), v.string()),
  cwd: v.string(),
  /** Where it is to be, null: where its supervisor is. */
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
      /** Folders of the machine, which no service can replace: links on the way to them are followed. */
      system: v.array(v.string()),
      /** Where those of the paths lead that are links themselves. */
      leads: v.record(v.string(), v.string()),
    }),
  ),
});
export type LaunchPlan = v.InferOutput<typeof LaunchPlan>;

/** The launcher goes on only where the plan has arrived up to this. */
const planEnd = "\n";
export const planText = (plan: LaunchPlan): string => `${JSON.stringify(plan)}${planEnd}`;

/** EX_TEMPFAIL of sysexits.h(3head): nothing was wrong with the service. */
const EXIT_NO_PLAN = 75;
// The exit statuses of systemd.exec(5) for the same troubles.
const EXIT_CHDIR = 200;
const EXIT_EXEC = 203;
const EXIT_STDIN = 208;
const EXIT_CGROUP = 219;
const EXIT_NAMESPACE = 226;

const SIGPIPE = 13;
const SIGXFSZ = 25;

/** Returns only where the program could not be executed: the exit status, with a line on stderr unless there was no plan. */
export function launch(): number {
  const text = readFileSync(0, "utf8");
  // The supervisor died before it had handed over the whole plan: the next one starts the service.
  if (!text.endsWith(planEnd)) return EXIT_NO_PLAN;
  const plan = v.parse(LaunchPlan, JSON.parse(text));
  for (const { status, what, act } of stepsOf(plan)) {
    try {
      act();
    } catch (error) {
      const reason = errnoOf(error) === "ENOENT" ? "it is not there" : reasonOf(error);
      writeSync(2, `bs9: cannot ${what}: ${reason}\n`);
      return error instanceof Replaced ? wrongMountStatus : status;
    }
  }
  return EXIT_EXEC;
}

/** In a sandbox it works in the folder of that name alone; /proc/self/fd names what was opened, so that nothing is looked up again. */
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
    { status: EXIT_CHDIR, what: `work in ${cwd}`, act: () => enter(cwd, landlock !== null) },
    {
      status: EXIT_STDIN,
      what: "read from /dev/null",
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
        if (!renounceNewPrivileges()) throw new Error("the kernel does not take NoNewPrivs");
        if (isolationRequired && landlockVersion() < scopesVersion) throw new Error("this kernel cannot keep signals inside");
        if (landlock !== null) restrict(landlock);
        // After Landlock: the filter is seen on the live process, and shows that the launcher came so far.
        if (keepsLimits && !refuseLimitsOfOthers()) throw new Error("the kernel does not take a filter of system calls");
      },
    },
    { status: EXIT_EXEC, what: `execute ${argv[0]}`, act: () => process.execve?.(argv[0] ?? "", argv, env) },
  ];
}
