// The conformance tests, on SQLite.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { openSqlite } from "../../src/storage/sqlite/sqlite.ts";
import { tempDir } from "../harness.ts";
import { conformance } from "./conformance.ts";

conformance("SQLite", () => {
  const folder = tempDir();
  return {
    open: (keeping, now) => openSqlite(join(folder, "metrics/metrics.db"), { keeping, now, minFreeBytes: 0 }),
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
});
