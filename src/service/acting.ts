// The acts of commands on services, on disk, so that the agent does not report what bs9 itself does as a failure. The lock of the
// registry cannot hold this: the next command overwrites it, and the agent must also hear of an act between two of its turns.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { readIfThere, writeWhole } from "../base/files.ts";
import { isRunning, ownProcess, ProcessIdentity } from "../base/process.ts";
import { randomHex } from "../base/random.ts";
import { stampOf } from "../base/stamp.ts";

/** An act whose process was killed has ended too. */
const Act = v.strictObject({
  id: v.string(),
  owner: ProcessIdentity,
  services: v.array(v.string()),
  /** When it ended, by the wall clock; null while it lasts. */
  endedMs: v.nullable(v.number()),
});
type Act = v.InferOutput<typeof Act>;

const maxBytes = 4 * 1024 * 1024;
const maxActs = 100;
const maxNames = 10_000;
/** The agent has seen an act that ended this long ago: a turn of it lasts a minute at most. */
const keptMs = 5 * 60_000;

const actingFile = (state: string): string => join(state, "acting.json");

/** The caller holds the lock of the registry, so there is only one act at a time. The caller disposes it when the act ends. */
export function beginActing(state: string, services: readonly string[]): Disposable {
  // Without the directory of the state there is no agent, and a start that is refused must leave nothing behind.
  if (!existsSync(state)) return { [Symbol.dispose]: () => {} };
  const act: Act = { id: randomHex(8), owner: ownProcess(), services: [...services], endedMs: null };
  write(state, act);
  return { [Symbol.dispose]: () => write(state, { ...act, endedMs: Date.now() }) };
}

function write(state: string, act: Act): void {
  const nowMs = Date.now();
  const others = actsIn(state).filter(({ id, endedMs }) => id !== act.id && endedMs !== null && Math.abs(nowMs - endedMs) < keptMs);
  let names = 0;
  const acts = [act, ...others.reverse()].slice(0, maxActs).filter(({ services }, i) => {
    names += services.length;
    return i === 0 || names <= maxNames;
  });
  try {
    writeWhole(actingFile(state), JSON.stringify(acts.reverse()), 0o600, false);
  } catch {
    // On a full disk the act matters more than the silence, which must not outlast the act.
    if (act.endedMs !== null) rmSync(actingFile(state), { force: true, recursive: true });
  }
}

/** The services that a living process is acting on now. */
export const actingOn = (state: string): ReadonlySet<string> => servicesOf(actsIn(state).filter(isLasting));

const isLasting = ({ endedMs, owner }: Act): boolean => endedMs === null && isRunning(owner);

const servicesOf = (acts: readonly Act[]): ReadonlySet<string> => new Set(acts.flatMap(({ services }) => services));

function actsIn(state: string): Act[] {
  const path = actingFile(state);
  if (!existsSync(path)) return [];
  try {
    const parsed = v.safeParse(v.array(Act), JSON.parse(readIfThere(path, maxBytes) ?? "null"));
    return parsed.success ? parsed.output : [];
  } catch {
    return [];
  }
}

/** What an agent sees of the acts, from look to look. */
export class Acting {
  readonly #state: string;
  #stamp: string | null = null;
  #acts: Act[] = [];
  /** The acts that had ended at the last look. */
  #ended: ReadonlySet<string>;
  /** The acts that lasted at the last look. */
  #lasting: ReadonlySet<string> = new Set();
  /** The acts that had begun and ended between the last two looks. */
  #passed: ReadonlySet<string> = new Set();

  constructor(state: string) {
    this.#state = state;
    this.#read();
    this.#ended = new Set(this.#acts.filter((act) => !isLasting(act)).map(({ id }) => id));
  }

  /**
   * The services of the acts that last or have ended since the last look. An act that was never seen while it lasted counts at the
   * next look too: the services may have been read before it.
   */
  look(): ReadonlySet<string> {
    this.#read();
    const lasting = new Set(this.#acts.filter(isLasting).map(({ id }) => id));
    const fresh = this.#acts.filter(({ id }) => !lasting.has(id) && !this.#ended.has(id));
    const seen = this.#acts.filter((act) => lasting.has(act.id) || fresh.includes(act) || this.#passed.has(act.id));
    this.#passed = new Set(fresh.filter(({ id }) => !this.#lasting.has(id)).map(({ id }) => id));
    this.#ended = new Set(this.#acts.filter(({ id }) => !lasting.has(id)).map(({ id }) => id));
    this.#lasting = lasting;
    return servicesOf(seen);
  }

  #read(): void {
    const stamp = stampOf(actingFile(this.#state));
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    this.#acts = actsIn(this.#state);
  }
}
