// Finds out whether journald accepts lines from services of this user now, by sending it some.

import { failed } from "../../base/errors.ts";
import { exec } from "../../base/exec.ts";
import { randomHex } from "../../base/random.ts";
import type { JournalDeps } from "./journalctl.ts";

/** How long journald may take to write the lines; under a flood it reads many streams in turn. */
const patienceMs = 1000;

/**
 * True where two lines, sent a second apart, do not both arrive. They are sent from a transient unit of the user manager,
 * because journald applies the limit to user@UID.service: lines from this terminal would count for another unit. Two lines are
 * needed, because one line right after a flood may still get through.
 */
export async function isSuppressing(deps: JournalDeps): Promise<boolean> {
  const name = `bs9-canary-${randomHex(4)}`;
  const sent = await exec(
    [
      "systemd-run",
      "--user",
      "--collect",
      "--quiet",
      "--wait",
      `--unit=${name}`,
      `--property=SyslogIdentifier=${name}`,
      "/bin/sh",
      "-c",
      "echo 1; sleep 1; echo 2",
    ],
    {
      timeoutMs: 3000,
      env: deps.env,
    },
  );
  if (sent.exitCode !== 0) throw failed("cannot test whether journald drops lines: the user manager did not run the test");
  const deadline = performance.now() + patienceMs;
  while ((await arrived(name, deps)) < 2) {
    if (performance.now() > deadline) return true;
    await Bun.sleep(50);
  }
  return false;
}

async function arrived(identifier: string, deps: JournalDeps): Promise<number> {
  const { stdout } = await exec(
    ["journalctl", "--quiet", "--no-pager", "--output=cat", `_UID=${deps.uid}`, `SYSLOG_IDENTIFIER=${identifier}`],
    { timeoutMs: 5000, env: deps.env },
  );
  return stdout.split("\n").filter((line) => line !== "").length;
}
