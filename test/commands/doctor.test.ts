// What doctor changes while it looks: log files are trimmed for a user of the command, and never for a client of the web server.
import { expect, test } from "bun:test";
import { pathsOf } from "../../src/base/paths.ts";
import { findingsHere } from "../../src/commands/doctor.ts";
import { builtIn } from "../../src/service/defaults.ts";
import { tempDir } from "../harness.ts";

test("the findings for the web server are read without trimming log files", async () => {
  let trimmed = 0;
  const folder = tempDir();
  const context = {
    paths: pathsOf({ HOME: folder, BS9_HOME: folder }),
    registry: { readable: () => ({ specs: [], broken: [] }), abandoned: () => ({ changes: [], broken: [] }) },
    config: { mistakes: [], defaults: builtIn },
    trail: { verify: async () => ({ breaks: [], removed: [] }) },
    hostFindings: async () => [],
    deps: async () => ({ backend: { kind: "supervisor", withheld: async () => [], agent: null }, agent: { self: async () => null } }),
    trimLogs: async () => {
      trimmed++;
    },
  } as unknown as Parameters<typeof findingsHere>[0];
  await findingsHere(context, { trims: false });
  expect(trimmed).toBe(0);
  await findingsHere(context, { trims: true });
  expect(trimmed).toBe(1);
});
