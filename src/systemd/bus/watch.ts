// Reports changes of the units of bs9 from the signals of systemd (org.freedesktop.systemd1(5)), without polling.
import type { Change, Watch } from "../../backend/backend.ts";
import { namePattern } from "../../service/name.ts";
import { wantedUnits } from "../unit/wants.ts";
import { Bus, type Signal } from "./bus.ts";
import { unitState } from "./unit-state.ts";

export type WatchOptions = {
  runtimeDir: string;
  /** The directory of unit files, to see what starts at the next boot. */
  units: string;
  onChange: (change: Change) => void;
  /** Called when no more changes will be reported. */
  onLost: () => void;
};

/** Opens its own connection; null where no bus answers. */
export async function watchUnits({ runtimeDir, units, onChange, onLost }: WatchOptions): Promise<Watch | null> {
  const bus = await Bus.connect(runtimeDir);
  if (bus === null) return null;
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    bus.close();
    onLost();
  };
  let wanted = wantedUnits(units);
  const lookAtWanted = () => {
    const now = wantedUnits(units);
    for (const unit of wanted.symmetricDifference(now)) {
      const name = nameOf(unit);
      if (name !== null) onChange({ name, state: null, atMs: Date.now() });
    }
    wanted = now;
  };
  const heard = (signal: Signal) => {
    if (isOver) return;
    // The user manager has ended or was replaced by another process, which has no subscription.
    if (signal.member === "NameOwnerChanged") return end();
    if (signal.member === "UnitFilesChanged") lookAtWanted();
    const change = changeOf(signal);
    if (change !== null) onChange({ ...change, atMs: Date.now() });
  };
  try {
    await bus.subscribe(heard, end);
  } catch {
    isOver = true;
    bus.close();
    return null;
  }
  return {
    async synced() {
      // bs9 makes the links itself, and systemd sends no signal for them.
      lookAtWanted();
      await bus.ping();
    },
    close() {
      isOver = true;
      bus.close();
    },
  };
}

const unitPath = "/org/freedesktop/systemd1/unit/";

/** Translates a signal of systemd to the change of a service. Null for a signal that cannot be about a service of bs9. Pure. */
export function changeOf({ path, member, body }: Signal): Omit<Change, "atMs"> | null {
  if (member !== "PropertiesChanged" || !path.startsWith(unitPath)) return null;
  const name = nameOf(unescaped(path.slice(unitPath.length)));
  if (name === null) return null;
  const [, changed] = body;
  if (typeof changed !== "object" || changed === null) return { name, state: null };
  if (!("ActiveState" in changed)) return { name, state: null, ...outOfMemoryIn(changed) };
  return { name, state: unitState(changed.ActiveState, "Job" in changed && hasJob(changed.Job)) };
}

/**
 * A restart makes systemd forget the result of the run before, so it is taken from the signal. Several signals of one run have
 * the same pid and start time.
 */
function outOfMemoryIn(changed: object): Pick<Change, "outOfMemory"> {
  if (!("Result" in changed) || changed.Result !== "oom-kill") return {};
  const { ExecMainPID: pid, ExecMainStartTimestampMonotonic: startUsec } = changed as Record<string, unknown>;
  return { outOfMemory: { run: `${pid}:${startUsec}` } };
}

/** The number and the path of a job; the number is 0 where there is no job. */
const hasJob = (job: unknown): boolean => Array.isArray(job) && typeof job[0] === "number" && job[0] !== 0;

/** sd_bus_path_encode(3): every character except ASCII letters and digits is written as `_xx`. */
function unescaped(label: string): string {
  return label.replace(/_([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function nameOf(unit: string): string | null {
  const name = unit.endsWith(".service") ? unit.slice(0, -".service".length) : "";
  return namePattern.test(name) ? name : null;
}
