// The loop of the agent: turns at an even pace, and between them readings for readers that wait for a change.
import type { Notice } from "../backend/notice.ts";
import type { Storage } from "../storage/storage.ts";
import { turnMs } from "./due.ts";
import { Pause } from "./pause.ts";
import { troubleFrom, troublesOf } from "./troubles.ts";
import type { Turns } from "./turns.ts";

export type LoopOptions = {
  turns: Turns;
  storage: Pick<Storage, "notices">;
  say: (sentence: string) => void;
  /** Called in each turn. */
  chores: () => Promise<void>;
};

export type Loop = {
  /** The failures of the last turn and of the readings since then. */
  troubles(): Notice[];
  /** Resolves if a turn does not end: then only a new process of the agent helps. */
  stalled: Promise<void>;
  stop(): Promise<void>;
};

/** A turn that takes longer than this waits for something that never happens. */
const stalledMs = 60_000;
const stopMs = 5000;
/** Services whose changes are reported within this time are read together. */
const togetherMs = 5;

export function startLoop({ turns, storage, say, chores }: LoopOptions): Loop {
  const pause = new Pause();
  const stalled = Promise.withResolvers<void>();
  let told: Notice[] = [];
  let turnBeganMs = performance.now();
  const guard = setInterval(() => {
    if (performance.now() - turnBeganMs > stalledMs) stalled.resolve();
  }, turnMs);
  turns.onNews = () => pause.wake();
  const ended = run();
  return {
    troubles: () => told,
    stalled: stalled.promise,
    async stop() {
      pause.end();
      clearInterval(guard);
      await Promise.race([ended, Bun.sleep(stopMs)]);
    },
  };

  async function run(): Promise<void> {
    for (let nextMs = performance.now(); ; nextMs = Math.max(nextMs + turnMs, performance.now())) {
      while ((await pause.wait(nextMs - performance.now())) && performance.now() < nextMs) await news();
      if (pause.isEnded) return;
      turnBeganMs = performance.now();
      const troubles = await turns.turn().catch((error: unknown) => [troubleFrom("take a turn", error)]);
      troubles.push(...(await troublesOf("look after the log files", chores)), ...storage.notices().map(ofStorage));
      tell(troubles);
    }
  }

  /** Reads the changed services for the readers that wait. Several changes that are reported together cause one reading. */
  async function news(): Promise<void> {
    if (pause.isEnded) return;
    turnBeganMs = performance.now();
    const troubles = await turns.news().catch((error: unknown) => [troubleFrom("tell readers of changes", error)]);
    // The next turn finds out whether the earlier failures continue.
    if (troubles.length > 0) tell([...told, ...troubles]);
    // Even while changes are reported without a pause, half of the time is left for other work.
    await Bun.sleep(Math.max(togetherMs, performance.now() - turnBeganMs));
  }

  /** Logs each failure once, until it has ended. */
  function tell(troubles: Notice[]): void {
    const said = new Set(told.map(({ what }) => what));
    const unique = [...new Map(troubles.map((trouble) => [trouble.what, trouble])).values()];
    for (const { what } of unique) if (!said.has(what)) say(what);
    told = unique;
  }
}

function ofStorage(what: string): Notice {
  return { kind: "storage", subject: "metrics.db", what, fix: "df -h ~/.config/bs9/metrics; ls -l ~/.config/bs9/metrics" };
}
