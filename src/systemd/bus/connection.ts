// Holds the one connection that is used for reads: opened at the first read, and opened again after it was lost.
import { readProc } from "../../base/proc.ts";
import { userManagerPid } from "../sandbox/live.ts";
import { Bus } from "./bus.ts";
import type { UserManager } from "./reach.ts";
import { type Relay, RelayedReader, type UnitReader } from "./relay.ts";

/** After no bus has answered, no connection is tried for this time. */
const noBusMs = 10_000;
const silentMs = 3000;
/** How long an answer of the user manager is reused. */
const recentMs = 1000;
const pingMs = 1000;
const quickMs = 300;
/** How long to wait for a user manager that is too busy to answer, because it may be reloading thousands of units. */
const busyMs = 60_000;

export class Connection {
  readonly #reach: Pick<UserManager, "runtimeDir" | "uid">;
  /** The relay through the agent; null where this process must open a connection of its own. */
  #relay: Relay | null;
  #bus: Promise<UnitReader | null> | null = null;
  #againMs = Number.POSITIVE_INFINITY;
  #asked: { answer: Promise<boolean>; untilMs: number } = { answer: Promise.resolve(false), untilMs: Number.NEGATIVE_INFINITY };

  constructor(reach: Pick<UserManager, "runtimeDir" | "uid">, relay: Relay | null = null) {
    this.#reach = reach;
    this.#relay = relay;
  }

  bus(): Promise<UnitReader | null> {
    if (performance.now() > this.#againMs) this.#bus = null;
    this.#bus ??= this.#open().then((bus) => {
      this.#againMs = bus === null ? performance.now() + noBusMs : Number.POSITIVE_INFINITY;
      // Each opened connection has already answered a ping.
      if (bus !== null) this.#asked = { answer: Promise.resolve(true), untilMs: performance.now() + recentMs };
      return bus;
    });
    return this.#bus;
  }

  /**
   * Reads over the connection; null where no bus answers. A connection that fails is dropped. If it was relayed, the read is
   * repeated over a connection of this process.
   */
  async read<T>(work: (bus: UnitReader) => Promise<T>): Promise<{ value: T } | null> {
    for (;;) {
      const bus = await this.bus();
      if (bus === null) return null;
      try {
        return { value: await work(bus) };
      } catch {
        // A connection fails, for example, because the user manager re-executed itself, or because the agent that relays it has
        // ended.
        await this.drop(bus);
        if (!(bus instanceof RelayedReader)) return null;
      }
    }
  }

  /**
   * Whether the user manager answers within about 2 s; the answer is reused for a while. A busy user manager is waited for.
   * `last` is called where no bus answers, because systemctl may get through where the D-Bus library does not.
   */
  answers(last: () => Promise<boolean>): Promise<boolean> {
    if (performance.now() < this.#asked.untilMs) return this.#asked.answer;
    const answer = this.#ask(last);
    const asked = { answer, untilMs: Number.POSITIVE_INFINITY };
    this.#asked = asked;
    void answer.then((isAnswered) => {
      asked.untilMs = performance.now() + (isAnswered ? recentMs : silentMs);
    });
    return answer;
  }

  /** Closes a lost connection; the next read opens another one, unless one has been opened already. */
  async drop(broken: UnitReader): Promise<void> {
    broken.close();
    if (broken instanceof RelayedReader) this.#relay = null;
    const present = this.#bus;
    if (present !== null && (await present) === broken && this.#bus === present) this.#bus = null;
  }

  close(): void {
    void this.#bus?.then((bus) => bus?.close());
    this.#bus = null;
  }

  async #open(): Promise<UnitReader | null> {
    const relayed = this.#relay === null ? null : await RelayedReader.connect(this.#relay, this.#reach);
    if (relayed !== null) return relayed;
    this.#relay = null;
    return Bus.connect(this.#reach.runtimeDir);
  }

  async #ask(last: () => Promise<boolean>): Promise<boolean> {
    for (const endMs = performance.now() + busyMs; ; ) {
      const before = workOf(userManagerPid(this.#reach.uid));
      if (await this.#pingsOr(last)) return true;
      const now = workOf(userManagerPid(this.#reach.uid));
      const isBusy = before !== null && now !== null && (now.isRunnable || now.ticks > before.ticks);
      if (!isBusy || performance.now() > endMs) return false;
      this.#bus = null;
    }
  }

  /**
   * `last` asks through systemctl, which starts a process, so it is called only when the pings take long, and then in parallel.
   */
  async #pingsOr(last: () => Promise<boolean>): Promise<boolean> {
    const pings = this.#pings();
    const isQuick = await Promise.race([pings, Bun.sleep(quickMs).then(() => false)]);
    return isQuick || (await firstTrue([pings, last()]));
  }

  async #pings(): Promise<boolean> {
    for (let attempt = 0; attempt < 2; attempt++) {
      const isOpen = this.#bus !== null;
      const bus = await this.bus();
      if (bus === null) return false;
      // Opening a connection includes a ping.
      if (!isOpen) return true;
      try {
        await bus.ping(pingMs);
        return true;
      } catch {
        // The bus daemon may have closed the connection or may hang, so the other socket is tried.
        await this.drop(bus);
      }
    }
    return false;
  }
}

/** True as soon as one answer is true, false when all answers are false. */
function firstTrue(answers: Promise<boolean>[]): Promise<boolean> {
  const yes = answers.map(async (answer) => {
    if (!(await answer)) throw new Error("no");
    return true;
  });
  return Promise.any(yes).catch(() => false);
}

/** The CPU time of a process in clock ticks, and whether it waits for a CPU (proc(5)); null where the process has ended. */
function workOf(pid: number | null): { isRunnable: boolean; ticks: number } | null {
  const stat = pid === null ? null : readProc(`${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { isRunnable: fields[0] === "R", ticks: Number(fields[11]) + Number(fields[12]) };
}
