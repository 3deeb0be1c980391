// The workers of a primary process of node:cluster. They are signalled together with it, and end when it ends, so it waits for them
// on SIGTERM.
import { attempt } from "./attempt.ts";
import { load } from "./builtin.ts";
import { apply, replace } from "./replace.ts";

type Emitter = { emit(...args: unknown[]): boolean };
type Cluster = Emitter & { workers?: Record<string, Emitter> };

let isPrimary = false;

/** Calls `then` once the app has forked a worker, and loads node:cluster for nobody else. */
export function watchForks(then: () => void): void {
  const found = () => {
    if (isPrimary) return;
    isPrimary = true;
    then();
  };
  if (typeof Bun === "undefined") watchOnNode(found);
  else watchOnBun(found);
}

/** Node announces each process that an app starts. */
function watchOnNode(found: () => void): void {
  const { subscribe } = load<typeof import("node:diagnostics_channel")>("node:diagnostics_channel");
  subscribe("child_process", () => {
    const { moduleLoadList } = process as { moduleLoadList?: string[] };
    if (moduleLoadList?.includes("NativeModule internal/cluster/primary")) attempt(found);
  });
}

/** node:child_process calls Bun.spawn; node:cluster gives each worker a number. */
function watchOnBun(found: () => void): void {
  const original = Bun.spawn as unknown as (...args: unknown[]) => unknown;
  const { spawn } = {
    spawn(this: unknown, ...args: unknown[]): unknown {
      attempt(() => {
        const { env } = (args[0] ?? {}) as { env?: Record<string, unknown> };
        if (typeof env === "object" && env !== null && Object.hasOwn(env, "NODE_UNIQUE_ID")) found();
      });
      return apply(original, this, args);
    },
  };
  Bun.spawn = spawn as unknown as typeof Bun.spawn;
}

export function livingWorkers(): number {
  return isPrimary ? Object.keys(theirs().workers ?? {}).length : 0;
}

const theirs = () => load<Cluster>("node:cluster");
const kept: (() => void)[] = [];
let letGo = () => {};

/**
 * Keeps the events of workers that end until `tellEnds`. An app forks a new worker for one that ends, unless its listener of SIGTERM
 * has run, and that listener runs last.
 */
export function keepEnds(): void {
  if (!isPrimary) return;
  const cluster = theirs();
  const emitters = [cluster, ...Object.values(cluster.workers ?? {})];
  let isKeeping = true;
  for (const emitter of emitters) {
    const original = emitter.emit;
    const { emit } = {
      emit(this: Emitter, ...args: unknown[]): boolean {
        const tell = () => apply(original, this, args);
        if (!isKeeping || (args[0] !== "exit" && args[0] !== "disconnect")) return tell();
        kept.push(tell);
        return true;
      },
    };
    replace(emitter, "emit", emit);
  }
  letGo = () => {
    isKeeping = false;
  };
}

export function tellEnds(): void {
  letGo();
  for (const tell of kept.splice(0)) tell();
}
