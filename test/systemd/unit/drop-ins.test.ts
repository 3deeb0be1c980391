// Which settings in drop-ins of others may weaken the sandbox.
import { expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { foreignSettings, settingsOf } from "../../../src/systemd/unit/drop-ins.ts";

test.each([
  // Fedora ships this drop-in for every service of every user.
  ["[Service]\nTimeoutStopFailureMode=abort\n", []],
  ["[Unit]\nAfter=a.service\n\n[Service]\nMemoryMax=1G\nLimitNOFILE=5\nEnvironment=A=ProtectHome=no\n", []],
  ["[Service]\n# ProtectHome=no\n;PrivateUsers=no\n[X-Mine]\nProtectHome=no\n", []],
  ["[Service]\nProtectHome=no\n", ["ProtectHome"]],
  ["[Service]\n  PrivateUsers = no\nNice=5\nBindPaths=\\\n  /home\n", ["PrivateUsers", "BindPaths"]],
  ["[Service]\nEnvironment=A=b \\\n ProtectHome=no\nExecStart=\nExecStart=/bin/sh\n", ["ExecStart"]],
  ["[Service]\nStandardInput=file:/home/x/.ssh/id\nSomethingNew=1\n", ["StandardInput", "SomethingNew"]],
])("the settings in the drop-in %j that may affect the sandbox are named", (text, names) => expect(settingsOf(text)).toEqual(names));

test("settings in drop-ins are listed with their file, and an unreadable drop-in is listed as a whole", () => {
  const file = join(mkdtempSync(join(tmpdir(), "bs9-test-")), "x.conf");
  writeFileSync(file, "[Service]\nUMask=0\n");
  expect(foreignSettings([file])).toEqual([`UMask= in ${file}`]);
  expect(foreignSettings(["/nowhere/x.conf"])).toEqual(["/nowhere/x.conf"]);
});
