// The unit that runs before each start of a service: it counts the starts, and delays restarts during a series of crashes.
// Pure.
//
// It is a separate unit and not an ExecStartPre= of the service. Such a step would run either inside the sandbox of the
// service, or with the prefix `+`. With `+`, systemd cannot create mounts for the service that replace a directory, such as its
// own /dev/shm (insist_on_sandboxing() in systemd's exec-invoke.c). While the delay lasts, the start of the service is queued:
// systemd 252 shows the service as `inactive`, newer versions as `auto-restart-queued`.

import type { Spec } from "../../service/spec.ts";
import { restartStep } from "./backoff.ts";
import { delayUnitName, unitName } from "./names.ts";
import { barePath, execWord, unitWord } from "./quote.ts";
import { seal } from "./seal.ts";
import { givenUpPath, startsPath } from "./starts.ts";

/** Null for a service that is not restarted automatically. */
export function delayText({ name, restart }: Pick<Spec, "name" | "restart">, owner: string): string | null {
  if (restart.policy === "no") return null;
  const step = execWord(restartStep(restart.delayMs, restart.max));
  return seal(
    [
      "# Made by bs9 from the spec of a service, and made again at will: what is changed here is lost.",
      "[Unit]",
      `Description=${barePath(`delay of restarts of ${name} (bs9)`)}`,
      // A stop of the service ends the delay, and a restart begins a new one.
      `PartOf=${unitName(name)}`,
      // Without this line systemd refuses the sixth start within ten seconds, and then starts the service without a delay.
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
      // Without this line systemd writes two lines into the journal for each start.
      "LogLevelMax=notice",
      "TasksMax=16",
      "NoNewPrivileges=yes",
      "",
    ].join("\n"),
  );
}

/**
 * The lines in the unit of the service that make systemd run the delay first. If the delay unit fails, the service still
 * starts.
 */
export function delayLines({ name, restart }: Pick<Spec, "name" | "restart">): string[] {
  if (restart.policy === "no") return [];
  const unit = delayUnitName(name);
  return [`Wants=${unit}`, `After=${unit}`];
}
