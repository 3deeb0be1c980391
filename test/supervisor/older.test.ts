// After an upgrade of bs9 the supervisor reports which services still have the sandbox of the older bs9.
import { expect, test } from "bun:test";
import { sandboxEdition } from "../../src/backend/sandbox.ts";
import { supervisorStrangers } from "../../src/supervisor/older.ts";
import { blank, type Record, Records } from "../../src/supervisor/record.ts";
import { tempDir } from "../harness.ts";
import { specNamed } from "../spec.ts";

test("the supervisor reports a service that an older bs9 defined until it is defined again, but never a service without a sandbox", () => {
  const records = new Records(tempDir());
  const put = (name: string, changes: Partial<Record> = {}) => records.put({ ...blank(specNamed(name), "", null), ...changes }, false);
  const open = specNamed("open");
  put("aged", { edition: sandboxEdition - 1 });
  put("open", { edition: 1, spec: { ...open, sandbox: { ...open.sandbox, profile: "off" } } });
  put("new");
  const older = () => supervisorStrangers(records).changes(["aged", "open", "new", "absent"]);
  expect(older()).toEqual([{ name: "aged", kind: "older", files: [] }]);
  put("aged");
  expect(older()).toEqual([]);
});
