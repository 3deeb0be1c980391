import { load } from "./builtin.ts";

/** False in a worker thread. */
export function isMainThread(): boolean {
  if (typeof Bun !== "undefined") return Bun.isMainThread;
  return load<typeof import("node:worker_threads")>("node:worker_threads").isMainThread;
}
