// How start, stop, restart and delete answer, in text and JSON.
import { Bs9Error } from "../base/errors.ts";
import { formatSpan } from "../base/quantities.ts";
import type { Style } from "../base/terminal.ts";
import type { Acted } from "../lifecycle/acted.ts";
import type { Deps } from "../lifecycle/deps.ts";
import { observe } from "../lifecycle/observe.ts";
import type { Readiness } from "../lifecycle/ready.ts";
import type { Observed } from "../status/schema.ts";
import type { Result } from "./command.ts";

/**
 * The output of start, stop, restart or delete: the result for each service, with its present status where that is shown. A
 * failure becomes an error.
 */
export async function actedResult(verb: string, acted: Acted[], deps: Deps, { isJson }: { isJson: boolean }): Promise<Result> {
  // Only statuses that are shown are read: after a stop of 100 services the agent is busy, and reading takes longer than the stop.
  const isShown = ({ result }: Acted) => result !== "deleted" && (isJson || (result !== "stopped" && result !== "failed"));
  const names = acted.filter(isShown).map(({ name }) => name);
  const observed = new Map((names.length === 0 ? [] : await observe(names, deps)).map((one) => [one.status.name, one]));
  const bad = acted.filter(({ result }) => result === "failed");
  const error = failureOf(verb, bad);
  return {
    value: acted.map((one) => actedValue(one, observed.get(one.name))),
    names: acted.map(({ name }) => name),
    text: (style) =>
      acted
        .filter(({ result }) => result !== "failed")
        .map((one) => actedLine(one.name, one.result, one.readiness, observed.get(one.name), style)),
    ...(error === null ? {} : { error }),
  };
}

/** The JSON object that reports what a command did to one service. */
export function actedValue(one: Pick<Acted, "name" | "readiness" | "findings"> & { result: string }, observed: Observed | undefined) {
  return { name: one.name, result: one.result, status: statusOf(one, observed), findings: one.findings };
}

/** `web started (pid 4242, healthy in 1.2 s, sandbox effective)`, or `web unchanged: no changes, it still runs (pid 4242)` */
export function actedLine(name: string, result: string, readiness: Readiness | null, observed: Observed | undefined, style: Style): string {
  if (result === "unchanged") {
    const pid = observed?.status.pid ?? null;
    return `${style.bold(name)} ${style.dim(result)}: no changes${pid === null ? "" : `, it still runs (pid ${pid})`}`;
  }
  const details: string[] = [];
  if (result === "started" || result === "restarted" || result === "changed") {
    if (observed?.status.pid != null) details.push(`pid ${observed.status.pid}`);
    if (readiness?.ready === true)
      details.push(`${readiness.health === "healthy" ? "healthy" : "ready"} in ${formatSpan(readiness.tookMs)}`);
    if (observed !== undefined && observed.status.pid !== null) details.push(`sandbox ${observed.status.sandbox}`);
  }
  return `${style.bold(name)} ${style.green(result)}${details.length === 0 ? "" : ` (${details.join(", ")})`}`;
}

function statusOf(acted: { readiness: Readiness | null }, observed: Observed | undefined): Observed["status"] | null {
  if (observed === undefined) return null;
  const { readiness } = acted;
  return readiness?.ready === true
    ? { ...observed.status, ready: true, health: readiness.health ?? observed.status.health }
    : observed.status;
}

/**
 * Makes one error from the services for which a command failed; its details are the cause and the last log lines of each. Null
 * if none failed.
 */
function failureOf(verb: string, bad: Acted[]): Bs9Error | null {
  const [first] = bad;
  if (first === undefined) return null;
  const code = bad.find((one) => one.code === "refused")?.code ?? first.code;
  if (bad.length === 1)
    return new Bs9Error(code, `cannot ${verb} ${first.name}: ${first.cause}`, {
      details: first.lines,
      hint: first.hint ?? `bs9 logs ${first.name}`,
    });
  const details = bad.flatMap((one) => [`${one.name}: ${one.cause}`, ...one.lines.slice(-3).map((line) => `  ${line}`)]);
  return new Bs9Error(code, `cannot ${verb} ${bad.length} services`, {
    details,
    hint: `bs9 logs ${bad.map(({ name }) => name).join(" ")}`,
  });
}
