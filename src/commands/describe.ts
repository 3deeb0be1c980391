// bs9 describe: everything about one service.
import { delayOf, longestDelayMs } from "../backend/restarts.ts";
import { exitStatus, usage } from "../base/errors.ts";
import { formatAge, formatBytes, formatSpan } from "../base/quantities.ts";
import type { Style } from "../base/terminal.ts";
import { harmless } from "../base/text.ts";
import type { Deps } from "../lifecycle/deps.ts";
import { type Description, describeService } from "../lifecycle/describe.ts";
import { alertLine, firingOn } from "../render/alert-lines.ts";
import { noticeLine } from "../render/notice-line.ts";
import { stateWord } from "../render/status-table.ts";
import type { Spec } from "../service/spec.ts";
import { noSuchService } from "../service/targets.ts";
import { availabilityRows } from "./availability-rows.ts";
import type { Command, Result } from "./command.ts";
import { agentName, describeAgent } from "./describe-agent.ts";
import { directoryRows } from "./directory-words.ts";
import { cpuLine, healthLine, isFoundPort, preloadLine, requestsLine, sampleRows } from "./figure-rows.ts";
import { flagOf } from "./options.ts";

export const describeCommand: Command = {
  name: "describe",
  synopsis: "NAME",
  aliases: ["show", "info"],
  summary: "spec, sandbox, limits, figures and last events of a service",
  options: [{ flags: "--unit", text: "print only the text of its unit; without systemd, the supervisor's plan for the service" }],
  examples: ["bs9 describe web", "bs9 describe web --json", "bs9 describe web --unit", "bs9 describe bs9-agent"],
  exits: [4, 5],
  async run({ words, options }, context) {
    const [name] = words;
    if (name === undefined || words.length > 1) throw usage("describe needs one service", { hint: "bs9 describe NAME" });
    if (name === agentName) return describeAgent(await context.prepare());
    await context.settle();
    const names = context.registry.names();
    if (context.registry.get(name) === null) throw noSuchService(name, names);
    const deps = await context.prepare();
    if (flagOf(options, "unit")) return unitResult(name, deps);
    const [description, { alerts }] = await Promise.all([describeService(name, deps), deps.model.now([name])]);
    const banner = firingOn(alerts, [name]).map((alert) => alertLine(alert, Date.now()));
    return {
      value: description,
      names: [name],
      text: (style) => render(description, banner, style, deps.home),
      ...(description.status.state === "unknown" ? { exitStatus: exitStatus.noBackend } : {}),
    };
  },
};

/** Describes when the service is restarted; the delays come from backend/restarts.ts. */
function restartWords({ policy, delayMs, max }: Spec["restart"]): string {
  if (policy === "no") return "it is never restarted";
  const delays = [3, 4].map((start) => delayOf(start, delayMs));
  const words = [...new Set(delays)].map((ms) => `${ms / 1000} s`).join(", ");
  const last = Math.max(...delays) < longestDelayMs ? ` and so on, up to ${longestDelayMs / 1000} s` : "";
  const most = max === null ? "" : `, at most ${max} restarts`;
  return `${policy === "always" ? "after every end" : "after a failure"}: ${delayMs === 0 ? "at once" : `twice at once, then after ${words}${last}`}${most}`;
}

/** `banner`: what the reader should see first. */
function render(it: Description, banner: string[], style: Style, home: string): string[] {
  const { status, spec, sandbox } = it;
  const rows: [string, string | null][] = [
    [
      "state",
      `${stateWord(status.state, style)}${status.uptimeMs === null ? "" : `, up ${formatAge(status.uptimeMs)}`}${it.lastEnd === null ? "" : `; last end: ${it.lastEnd}`}`,
    ],
    ["reason", status.reason],
    ["pid", status.pid === null ? null : String(status.pid)],
    ["restarts", status.restarts === null ? null : String(status.restarts)],
    ["entry", harmless([spec.entry.path, ...spec.args].join(" "))],
    [
      "runtime",
      spec.runtime.kind === "bs9"
        ? `bs9 ${spec.runtime.version}`
        : spec.runtime.kind === "none"
          ? "none"
          : `${spec.runtime.kind} ${spec.runtime.path}`,
    ],
    ["project root", harmless(spec.root)],
    ["working directory", spec.cwd === spec.root ? null : harmless(spec.cwd)],
    ["port", status.port === null ? null : `${status.port}${isFoundPort(it) ? " (found)" : ""}`],
    ["health", healthLine(it, Date.now())],
    ["preload", preloadLine(it.preload)],
    ["requests", requestsLine(it)],
    ["environment files", spec.envFiles.length === 0 ? null : harmless(spec.envFiles.join(" "))],
    ["environment", `${it.environment.join(" ")} (values are not shown)`],
    ["restart policy", restartWords(spec.restart)],
    ["cpu", cpuLine(status)],
    ["cpu time", status.cpuTimeMs === null ? null : `${formatSpan(status.cpuTimeMs)} since its main process started`],
    ["memory", status.memoryBytes === null ? null : `${formatBytes(status.memoryBytes)} (from the ${status.memorySource})`],
    ["tasks", status.tasks === null ? null : String(status.tasks)],
    ...sampleRows(it.sample),
    ["limits", limitsLine(status.limits)],
    ...availabilityCells(it.availability),
    ["unit", `${it.unit.name} (${it.unit.file})`],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return [
    style.bold(status.name),
    ...banner.map((line) => `  ${style.red(line)}`),
    ...rows.filter(([, text]) => text !== null).map(([label, text]) => `  ${style.dim(label.padEnd(width))}  ${text}`),
    ...directoryLines(it, style, home),
    "",
    `${style.bold("Sandbox")} ${sandbox.profile}: ${sandbox.verdict === "effective" ? style.green(sandbox.verdict) : style.yellow(sandbox.verdict)}`,
    ...missingLines(sandbox.missing, style),
    ...(sandbox.verified.length === 0 ? [] : wrapped("seen on the live process", sandbox.verified)),
    ...sandbox.unheld.map(
      ({ directive, why }) => `  ${style.dim("not part of the profile, and not available here:")} ${directive}: ${why}`,
    ),
    ...(sandbox.probed.length === 0 ? [] : wrapped("probed on this host", sandbox.probed)),
    ...isolationLines(it.isolation, style),
    ...(it.events.length === 0 ? [] : ["", style.bold("Events"), ...it.events.map(({ at, message }) => `  ${at}  ${message}`)]),
    ...(status.notices.length === 0 ? [] : ["", ...status.notices.map(noticeLine)]),
  ];
}

/**
 * The result of `describe --unit`. Throws the error that would refuse the next start, because in that case there is no unit.
 */
async function unitResult(name: string, { backend, registry }: Deps): Promise<Result> {
  const spec = registry.get(name);
  const text = spec === null ? "" : await backend.unitText(spec);
  return { value: { name, file: backend.unitFile(name), text }, names: [name], text: () => [text.trimEnd()] };
}

function directoryLines({ directories }: Description, style: Style, home: string): string[] {
  if (directories === null) return [];
  return [
    "",
    style.bold("Directories"),
    ...directoryRows(directories, home).map(([label, line]) => `  ${style.dim(label.padEnd("writable".length))}  ${line}`),
  ];
}

function isolationLines(isolation: Description["isolation"], style: Style): string[] {
  if (isolation === null) return [];
  const { verdict, verified, probed, missing } = isolation;
  return [
    "",
    `${style.bold("Isolation")} ${verdict === "full" ? style.green(verdict) : style.yellow(verdict)}`,
    ...missingLines(missing, style),
    ...(verified.length === 0 ? [] : [`  seen on the live process: ${verified.join(", ")}`]),
    ...(probed.length === 0 ? [] : [`  probed on this host: ${probed.join(", ")}`]),
  ];
}

/** Groups what is missing by reason and fix, so that each reason and fix is printed once. */
function missingLines(missing: Description["sandbox"]["missing"], style: Style): string[] {
  const groups = Map.groupBy(missing, ({ why, mend }) => JSON.stringify([why, mend]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const [words, ...more] = Bun.wrapAnsi(byName(group.map(({ directive }) => directive)).join(", "), 74, { hard: false }).split("\n");
    return [
      `  ${style.yellow("missing")}  ${words}`,
      ...more.map((line) => `           ${line}`),
      `    because: ${first.why}`,
      `    fix: ${first.mend}`,
    ];
  });
}

/** Joins the values of one directive after its name, as a unit does. */
function byName(directives: string[]): string[] {
  const groups = Map.groupBy(directives, (directive) => directive.split("=")[0] ?? directive);
  return [...groups.values()].map(([first = "", ...more]) =>
    [first, ...more.map((directive) => directive.slice(directive.indexOf("=") + 1))].join(" "),
  );
}

function availabilityCells(availability: Description["availability"]): [string, string][] {
  const rows = availability === null ? [] : availabilityRows(availability, Date.now());
  return rows.map((text, i) => [i === 0 ? "availability" : "", text]);
}

function wrapped(label: string, words: string[]): string[] {
  return Bun.wrapAnsi(words.join(" "), 74, { hard: false })
    .split("\n")
    .map((line, i) => (i === 0 ? `  ${label}:\n    ${line}` : `    ${line}`));
}

function limitsLine(limits: Description["status"]["limits"]): string | null {
  const said = (label: string, text: string, inForce: boolean) => `${label} ${text}${inForce ? "" : " (not in force)"}`;
  const parts = [
    limits.memoryBytes && said("memory", formatBytes(limits.memoryBytes.value), limits.memoryBytes.inForce),
    limits.cpuPercent && said("cpu", `${limits.cpuPercent.value}%`, limits.cpuPercent.inForce),
    limits.tasks && said("tasks", String(limits.tasks.value), limits.tasks.inForce),
    limits.files && said("files", String(limits.files.value), limits.files.inForce),
  ].filter((part): part is string => part !== null);
  return parts.length === 0 ? null : parts.join(", ");
}
