// Command probes run every few seconds, day and night, so they must not fill the journal.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { bs9 } from "../e2e/bs9.ts";
import { type Lab, lab, succeed } from "../harness.ts";

let it: Lab;
beforeAll(async () => {
  it = await lab("beside");
  await it.writeFile("ops", "web/run.sh", "#!/bin/sh\nexec sleep 1000\n", "755");
}, 300_000);
afterAll(() => it.down());

test("systemd logs nothing about a health command, whether it succeeds, fails or is killed", async () => {
  const start = (check: string, name: string) => bs9(it, "start", "web/run.sh", "--name", name, "--health", `cmd:${check}`, "--wait", "2");
  succeed(await start("true", "well"), "a check that succeeds");
  expect((await start("exit 7", "failing")).stderr).toContain("exited with 7");
  expect((await start("sleep 100; true", "hanging")).stderr).toContain("did not end");
  succeed(await it.asRoot(["journalctl", "--sync"]), "sync");
  const { stdout } = succeed(await it.asUser("ops", ["journalctl", "--user", "--no-pager", "--output=cat"]), "journal");
  // The messages of systemd about the services themselves are there.
  for (const name of ["well", "failing", "hanging"]) expect(stdout).toContain(`Started ${name}.service`);
  expect(stdout.split("\n").filter((line) => /bs9-check|health check/.test(line))).toEqual([]);
}, 240_000);
