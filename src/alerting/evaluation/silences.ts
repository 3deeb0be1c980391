// The silences and acknowledgements of the user. Commands write them; the agent reads them.
import { join } from "node:path";
import * as v from "valibot";
import { readIfThere, writeWhole } from "../../base/files.ts";
import { stampOf } from "../../base/stamp.ts";
import { namePattern } from "../../service/name.ts";
import type { Telling } from "./alerts.ts";

const maxEntries = 1000;

const Quiet = v.strictObject({
  silences: v.pipe(
    v.array(v.strictObject({ service: v.pipe(v.string(), v.regex(namePattern)), untilMs: v.number(), by: v.string() })),
    v.maxLength(maxEntries),
  ),
  acks: v.pipe(v.array(v.strictObject({ id: v.string(), atMs: v.number(), by: v.string() })), v.maxLength(maxEntries)),
});
/** `untilMs` is by the wall clock, because a silence has to survive a reboot. */
export type Quiet = v.InferOutput<typeof Quiet>;

const maxBytes = 1024 * 1024;
const nothing: Quiet = { silences: [], acks: [] };

const quietFile = (state: string): string => join(state, "alerts", "silences.json");

/** A file that cannot be read silences nothing: it is better to be told too much. */
export function readQuiet(state: string): Quiet {
  try {
    const parsed = v.safeParse(Quiet, JSON.parse(readIfThere(quietFile(state), maxBytes) ?? "null"));
    return parsed.success ? parsed.output : nothing;
  } catch {
    return nothing;
  }
}

/** Only one command at a time may write: the caller holds the lock of the registry. */
export function writeQuiet(state: string, { silences, acks }: Quiet, nowMs: number): void {
  const running = silences.filter(({ untilMs }) => untilMs > nowMs);
  writeWhole(quietFile(state), JSON.stringify({ silences: running.slice(-maxEntries), acks: acks.slice(-maxEntries) }), 0o600);
}

/** Reads the file again only if it has changed. */
export class QuietNow {
  readonly #state: string;
  #stamp: string | null | undefined;
  #silences = new Map<string, number>();
  #acks = new Map<string, string>();

  constructor(state: string) {
    this.#state = state;
  }

  refresh(): void {
    const stamp = stampOf(quietFile(this.#state));
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    const { silences, acks } = readQuiet(this.#state);
    this.#silences = new Map(silences.map(({ service, untilMs }) => [service, untilMs]));
    this.#acks = new Map(acks.map(({ id, by }) => [id, by]));
  }

  /** `acting`: the services that commands act on, about which nobody is told meanwhile. */
  telling({ acting, cooldownSeconds, atMs }: { acting: ReadonlySet<string>; cooldownSeconds: number; atMs: number }): Telling {
    return {
      cooldownMs: cooldownSeconds * 1000,
      isSilenced: (subject) => acting.has(subject) || this.isSilenced(subject, atMs),
      isAcked: (id) => this.ackedBy(id) !== null,
    };
  }

  isSilenced(service: string, atMs: number): boolean {
    return this.silenceLeftMs(service, atMs) > 0;
  }

  /** How long a service is still silenced; 0 where it is not. */
  silenceLeftMs(service: string, atMs: number): number {
    return Math.max(0, (this.#silences.get(service) ?? 0) - atMs);
  }

  ackedBy(id: string): string | null {
    return this.#acks.get(id) ?? null;
  }
}
