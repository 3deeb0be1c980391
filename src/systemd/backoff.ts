// Growing delays between restarts, as Kubernetes has them, on any version of systemd (RestartSteps= needs 254).

export const longestDelayMs = 30_000;

/**
 * The script of `ExecStartPre=`. The nth start within a minute of the last one waits
 * 0, 0, d, 2d, 4d, … at most 30 s. It keeps its count in $RUNTIME_DIRECTORY, which `start` and `restart` clear.
 * The clock is /proc/uptime: nobody can step it. The service may write that file too, so only digits are taken from it.
 */
export function restartStep(delayMs: number): string {
  return [
    'f=$RUNTIME_DIRECTORY/starts; n=0; t=-99; read u r </proc/uptime; [ -f "$f" ] && read n t r <"$f"',
    'case "$n.$t" in *[!0-9.-]*|.*|*.) n=0; t=-99;; esac; [ ${#n} -lt 6 ] && [ ${#t} -lt 12 ] || { n=0; t=-99; }',
    "if [ $((${u%.*}-t)) -le 60 ]; then n=$((n+1)); else n=1; fi",
    `case $n in ${cases(delayMs)} *) sleep ${seconds(longestDelayMs)};; esac`,
    'read u r </proc/uptime; echo "$n ${u%.*}" >"$f.new" && mv -f "$f.new" "$f"; exit 0',
  ].join("\n");
}

/** The delay before the nth start of a run of starts, in milliseconds. */
export function delayOf(n: number, delayMs: number): number {
  return n < 3 ? 0 : Math.min(longestDelayMs, delayMs * 2 ** (n - 3));
}

function cases(delayMs: number): string {
  let text = "1|2) ;;";
  for (let n = 3; n < 40 && delayOf(n, delayMs) < longestDelayMs; n++) text += ` ${n}) sleep ${seconds(delayOf(n, delayMs))};;`;
  return text;
}

function seconds(ms: number): string {
  return String(ms / 1000);
}
