// Growing delays between restarts, as Kubernetes has them, on every version of systemd (RestartSteps= needs 254).
import { delayOf, longestDelayMs, rowSec } from "../../backend/backoff.ts";

/**
 * The script that runs before each start; its arguments are the two files of starts.ts, which `start` and `restart` clear. The
 * nth start within a minute of the last one waits 0, 0, d, 2d, 4d, … at most 30 s. The clock is /proc/uptime, because setting
 * the system time does not change it.
 *
 * `max` restarts in a row are allowed; null: any number. systemd counts them too, but version 252 resets its count at each
 * daemon-reload. So the script creates a file that makes systemd refuse the start of the service, and then does not wait.
 */
export function restartStep(delayMs: number, max: number | null): string {
  return [
    'PATH=/usr/bin:/bin; f=$1; n=0; t=; s=0; read u r </proc/uptime; [ -f "$f" ] && read n t s r <"$f"',
    'case $t in ""|*[!0-9]*) t=-99;; esac; case $n in ""|*[!0-9]*|0?*|?????*) n=0;; esac; case $s in ""|*[!0-9]*|0?*|?????????*) s=0;; esac',
    `if [ $((\${u%.*}-t)) -le ${rowSec} ]; then n=$((n+1)); else n=1; fi`,
    '[ -d "${f%/*}" ] || mkdir -p "${f%/*}"',
    ...(max === null ? [] : [`if [ $n -gt ${max + 1} ]; then : >"$2"; exit 0; fi; rm -f "$2"`]),
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
