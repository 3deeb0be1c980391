/** False in a worker thread. Node is not asked by node:worker_threads, which would cost each start some ms to load. */
export function isMainThread(): boolean {
  if (typeof Bun !== "undefined") return Bun.isMainThread;
  // A thread cannot change the directory of the process, so Node disables this function in it.
  return !("disabled" in process.chdir);
}
