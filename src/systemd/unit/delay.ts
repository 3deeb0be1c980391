// The unit that runs before each start of a service: it counts the starts in a row, delays restarts, and gives the service up
// after --max-restarts. Pure.
//
// It is a separate unit and not an ExecStartPre= of the service. Such a step would run either inside the sandbox of the
// service, or with the prefix `+`. With `+`, systemd cannot create mounts for the service that replace a directory, such as its
// own /dev/shm (insist_on_sandboxing() in systemd's exec-invoke.c). While the delay lasts, the start of the service is queued:
// systemd 252 shows the service as `inactive`, newer versions as `auto-restart-queued`.

import { delayOf, longestDelayMs, mostInRow, rowSec } from "../../backend/restarts.ts";
import type { Spec } from "../../service/spec.ts";
import { delayUnitName, unitName } from "./names.ts";
import { barePath, execWord, unitWord } from "./quote.ts";
import { seal } from "./seal.ts";
import { givenUpPath, startsPath } from "./starts.ts";

/** The text of the unit that delays the restarts of a service; null if the service is not restarted automatically. */
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

/** True for a service whose delay unit enforces --max-restarts. */
export const canGiveUp = ({ restart }: Pick<Spec, "restart">): boolean => restart.policy !== "no" && mostInRow(restart.max) !== null;

/**
 * The script of the unit; its arguments are the two files of starts.ts, which `start` and `restart` clear. The nth start within
 * a minute of the last one waits 0, 0, d, 2d, 4d, … at most 30 s, on every version of systemd (RestartSteps= needs 254). The
 * clock is /proc/uptime, because setting the system time does not change it.
 *
 * `max` restarts in a row are allowed; null: any number. systemd counts them too, but version 252 resets its count at each
 * daemon-reload. So the script creates a file that makes systemd refuse the start of the service, and then does not wait.
 */
export function restartStep(delayMs: number, max: number | null): string {
  const most = mostInRow(max);
  return [
    'PATH=/usr/bin:/bin; f=$1; n=0; t=; s=0; read u r </proc/uptime; [ -f "$f" ] && read n t s r <"$f"',
    'case $t in ""|*[!0-9]*) t=-99;; esac; case $n in ""|*[!0-9]*|0?*|???????*) n=0;; esac; case $s in ""|*[!0-9]*|0?*|?????????*) s=0;; esac',
    `if [ $((\${u%.*}-t)) -le ${rowSec} ]; then n=$((n+1)); else n=1; fi`,
    '[ -d "${f%/*}" ] || mkdir -p "${f%/*}"',
    ...(most === null ? [] : [`if [ $n -gt ${most} ]; then : >"$2"; exit 0; fi; rm -f "$2"`]),
    // Where the count cannot be stored, as on a full disk, each start waits one second.
    's=$((s+1)); echo "$((n-1)) $t $s" >"$f" || sleep 1',
    `case $n in ${cases(delayMs)} esac`,
    'read u r </proc/uptime; echo "$n ${u%.*} $s" >"$f"; exit 0',
  ].join("\n");
}

function cases(delayMs: number): string {
  if (delayMs === 0) return "*) ;;";
  let text = "1|2) ;;";
  let n = 3;
  for (; delayOf(n, delayMs) < longestDelayMs; n++) text += ` ${n}) sleep ${seconds(delayOf(n, delayMs))};;`;
  return `${text} *) sleep ${seconds(longestDelayMs)};;`;
}

function seconds(ms: number): string {
  return String(ms / 1000);
}
