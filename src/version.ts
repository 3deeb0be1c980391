// The version of this bs9. build.ts inserts the commit and the target; `bun run` and `bun test` have neither.
import { version as release } from "../package.json";

declare const BS9_COMMIT: string;
declare const BS9_TARGET: string;

export const version = {
  version: release,
  commit: typeof BS9_COMMIT === "undefined" ? "source" : BS9_COMMIT,
  bun: Bun.version,
  target: typeof BS9_TARGET === "undefined" ? `${process.platform}-${process.arch}` : BS9_TARGET,
};
