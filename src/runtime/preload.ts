// What every app on the bs9 runtime loads first.

/**
 * BUN_BE_BUN makes the bs9 executable act as Bun. It must not reach what the app starts: a `bs9` called
 * by the app would be Bun too. Bun keeps a copy of the first environment for `Bun.spawn` and Workers, so deleting
 * the variable is not enough there. What `fork` starts is this executable again: src/main.ts knows it by its place.
 */
export const preloadText = `delete process.env.BUN_BE_BUN;
const withOurs = (options) => (options?.env === undefined ? { ...options, env: process.env } : options);
for (const name of ["spawn", "spawnSync"]) {
  const original = Bun[name];
  Bun[name] = (first, second) => (Array.isArray(first) ? original(first, withOurs(second)) : original(withOurs(first)));
}
const threads = require("node:worker_threads");
for (const place of [globalThis, threads]) {
  place.Worker = class Worker extends place.Worker {
    constructor(url, options) {
      const preload = [import.meta.path, ...[options?.preload ?? []].flat()];
      super(url, { ...options, preload, env: options?.env ?? { ...process.env } });
    }
  };
}
`;
