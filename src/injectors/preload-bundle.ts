// Makes one file of the sources of the preload. This runs as a macro of Bun, whenever src/injectors/preload-text.ts is built or
// loaded, so that the executable contains the result and a test reads the present sources.
import { join } from "node:path";

const limitMs = 30_000;

export function bundlePreload(): string {
  const entry = join(import.meta.dir, "preload/preload.ts");
  // A macro runs inside of the bundler, which cannot bundle anything else meanwhile: a process of its own does it.
  const argv = [process.execPath, "build", entry, "--target=node", "--format=cjs", "--minify", '--banner="use strict";'];
  const { success, stdout, stderr } = Bun.spawnSync(argv, { timeout: limitMs, killSignal: "SIGKILL" });
  if (!success) throw new Error(`the preload cannot be bundled:\n${stderr.toString()}`);
  return stdout.toString();
}
