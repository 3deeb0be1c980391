// Growing delays between restarts, as Kubernetes has them, on any version of systemd (RestartSteps= needs 254).
import { delayOf, longestDelayMs } from "../backend/backoff.ts";

/**
 * The script of `ExecStartPre=`; its one argument is the file with the count, which `start` and `restart` clear.
 * The nth start within a minute of the last one waits 0, 0, d, 2d, 4d, … at most 30 s.
 * The clock is /proc/uptime: nobody can step it.
 *
 * The step runs outside the sandbox (`+`), with PATH set here and a file that the service does not see: inside it, the
 * step would make the IPC namespace of the unit, which the service could then not join (systemd 252: EPERM).
 */
export function restartStep(delayMs: number): string {
  return [
    'PATH=/usr/bin:/bin; f=$1; n=0; t=; read u r </proc/uptime; [ -f "$f" ] && read n t <"$f"',
    'case $t in ""|*[!0-9]*) t=-99;; esac; case $n in ""|*[!0-9]*|?????*) n=0;; esac',
    "if [ $((${u%.*}-t)) -le 60 ]; then n=$((n+1)); else n=1; fi",
    `case $n in ${cases(delayMs)} *) sleep ${seconds(longestDelayMs)};; esac`,
    '[ -d "${f%/*}" ] || mkdir -p "${f%/*}"; read u r </proc/uptime; echo "$n ${u%.*}" >"$f"; exit 0',
  ].join("\n");
}

function cases(delayMs: number): string {
  let text = "1|2) ;;";
  for (let n = 3; n < 40 && delayOf(n, delayMs) < longestDelayMs; n++) text += ` ${n}) sleep ${seconds(delayOf(n, delayMs))};;`;
  return text;
}

function seconds(ms: number): string {
  return String(ms / 1000);
}
