// Kills services with SIGKILL and follows the agent: measures how long each kill takes to reach a reader. Runs where the
// services run.
import { AgentSocket } from "../../src/backend/agent-socket.ts";
import { pathsOf } from "../../src/base/paths.ts";
import { AgentClient } from "../../src/status/agent-client.ts";
import { after, type ModelEvent } from "../../src/status/events.ts";
import type { Snapshot, Status } from "../../src/status/schema.ts";

export type KillToll = { latenciesMs: number[]; missing: number };

/** A project file with `count` services that do nothing. */
export const idleServices = (count: number): string =>
  Array.from({ length: count }, (_, i) => `[services.k${i + 1}]\nentry = "sleep"\nargs = ["100000"]\nwait = "0s"\n`).join("\n");

const pathOf = import.meta.path;

export { pathOf as killWatcher };

/** Yields the events of the agent; reconnects while the agent is busy or restarts. */
export async function* following(state: string, paceMs: number, signal: AbortSignal): AsyncGenerator<ModelEvent> {
  while (!signal.aborted) {
    yield* new AgentClient(new AgentSocket(state)).follow({ signal, paceMs });
    if (!signal.aborted) await Bun.sleep(100);
  }
}

/** A kill that was not reported within this time counts as missing. */
const missingMs = 10_000;
/** A service that was killed several times waits for its next start, so this limit is long. */
const upMs = 120_000;

/** Kills the services in turn, `rounds` times in all. */
async function killing(rounds: number): Promise<KillToll> {
  const stop = new AbortController();
  let snapshot: Snapshot = { atMs: 0, services: [], added: [], notices: [], warnings: [], alerts: [], host: null };
  let wake = () => {};
  const reading = (async () => {
    for await (const event of following(pathsOf(process.env).state, 5000, stop.signal)) {
      snapshot = after(snapshot, event);
      wake();
    }
  })();
  const statusOf = (name: string): Status | undefined => snapshot.services.find(({ status }) => status.name === name)?.status;
  /** Resolves at the moment when an event makes the condition true; false after `limitMs`. */
  const told = async (condition: () => boolean, limitMs: number): Promise<boolean> => {
    const endMs = performance.now() + limitMs;
    while (!condition()) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) return false;
      await new Promise<void>((done) => {
        const timer = setTimeout(done, leftMs);
        wake = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
    return true;
  };
  const isUp = (name: string) => statusOf(name)?.state === "active" && statusOf(name)?.pid !== null;
  if (!(await told(() => snapshot.services.length > 0, upMs))) throw new Error("the agent tells of no service");
  const names = snapshot.services.map(({ status }) => status.name);
  const toll: KillToll = { latenciesMs: [], missing: 0 };
  for (let round = 0; round < rounds; round++) {
    const name = names[round % names.length] ?? "";
    if (!(await told(() => isUp(name), upMs))) throw new Error(`${name} does not come up again`);
    // A random time, so that the kills hit different moments of the agent's work.
    await Bun.sleep(Math.random() * 300);
    const pid = statusOf(name)?.pid ?? 0;
    const killedMs = performance.now();
    process.kill(pid, "SIGKILL");
    const isTold = await told(() => statusOf(name)?.pid !== pid || statusOf(name)?.state !== "active", missingMs);
    if (isTold) toll.latenciesMs.push(performance.now() - killedMs);
    else toll.missing++;
  }
  stop.abort();
  await reading;
  return toll;
}

if (import.meta.main) console.log(JSON.stringify(await killing(Number(process.argv[2]))));
