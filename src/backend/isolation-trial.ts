// What a test of the isolation needs: a process and an abstract socket outside of the service, a file that the service must not
// open, and the script that tries to reach them.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../base/files.ts";
import { type Threat, threats } from "./isolation.ts";
// @ts-expect-error With `type: "text"` the default export is the text of the file, which TypeScript does not know of.
import attempts from "./isolation-attempts.ts" with { type: "text" };

export type Trial = {
  /** The arguments of the script, for a Bun that runs it (BUN_BE_BUN). */
  words: string[];
  [Symbol.dispose](): void;
};

/** Listens on the abstract socket until the object is disposed of. `cache` is the directory that contains the closed file. */
export function trial(cache: string): Trial {
  const name = `bs9-probe-trial-${process.pid}-${crypto.randomUUID()}`;
  const listener = Bun.listen({ unix: `\0${name}`, socket: { data() {} } });
  const closed = join(cache, name);
  makeFolder(cache);
  writeFileSync(closed, "");
  return {
    words: ["-e", String(attempts), String(process.pid), name, closed],
    [Symbol.dispose]: () => {
      listener.stop(true);
      rmSync(closed, { force: true });
    },
  };
}

const base = 64;
const fileBit = 1 << threats.length;

/** Translates the exit status of the script; null where the script could not make its attempts. */
export function reachedBy(exitStatus: number): { threats: Threat[]; file: boolean } | null {
  const bits = exitStatus - base;
  if (bits < 0 || bits >= 2 * fileBit) return null;
  return { threats: threats.filter((_, i) => (bits & (1 << i)) !== 0), file: (bits & fileBit) !== 0 };
}
