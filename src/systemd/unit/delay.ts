// The unit that runs before each start of a service: it counts the starts, and delays a restart in a row of crashes; pure.
//
// It is a unit of its own, and not an ExecStartPre= of the service: such a step would run either within the sandbox of the
// service, or with `+`, and then systemd cannot make mounts for the service that lead elsewhere than on the machine, such as a
// /dev/shm of its own (insist_on_sandboxing() in its exec-invoke.c). While the delay lasts, the start of the service is
// queued: it is `inactive` for systemd 252, and waits as `auto-restart-queued` for newer versions.

import type { Spec } from "../../service/spec.ts";
import { restartStep } from "./backoff.ts";
import { delayUnitName, unitName } from "./names.ts";
import { barePath, execWord, unitWord } from "./quote.ts";
import { seal } from "./seal.ts";
import { givenUpPath, startsPath } from "./starts.ts";

/** Null for a service that is not restarted by itself. */
export function delayText({ name, restart }: Pick<Spec, "name" | "restart">, owner: string): string | null {
  if (restart.policy === "no") return null;
  const step = execWord(restartStep(restart.delayMs, restart.max));
  return seal(
    [
      "# Made by bs9 from the spec of a service, and made again at will: what is changed here is lost.",
      "[Unit]",
      `Description=${barePath(`delay of restarts of ${name} (bs9)`)}`,
      // A stop of the service ends the delay, and a restart begins it anew.
      `PartOf=${unitName(name)}`,
      // Else systemd would refuse the sixth start within ten seconds, and the service would be started without a delay.
      "StartLimitIntervalSec=0",
      "",
      "[X-BS9]",
      `Owner=${unitWord(owner)}`,
      "",
      "[Service]",
      "Type=oneshot",
      "Slice=bs9.slice",
      `ExecStart=/bin/sh -c ${step} sh "%t/${startsPath(name)}" "%t/${givenUpPath(name)}"`,
      "TimeoutStartSec=60s",
      "SuccessExitStatus=SIGTERM",
      "StandardOutput=null",
      "StandardError=null",
      // Else systemd writes two lines into the journal for each start.
      "LogLevelMax=notice",
      "TasksMax=16",
      "NoNewPrivileges=yes",
      "",
    ].join("\n"),
  );
}

/** The lines of the service's own unit by which systemd runs the delay first. Where the delay fails, the service starts all the same. */
export function delayLines({ name, restart }: Pick<Spec, "name" | "restart">): string[] {
  if (restart.policy === "no") return [];
  const unit = delayUnitName(name);
  return [`Wants=${unit}`, `After=${unit}`];
}
