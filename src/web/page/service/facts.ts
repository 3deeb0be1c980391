// What bs9 knows about one service besides its charts: availability, health, sandbox, limits, environment, unit and events.
import type { Missing } from "../../../backend/verdict.ts";
import type { Description } from "../../../lifecycle/describe.ts";
import type { Available } from "../../../lifecycle/stored.ts";
import { type Child, drawing, elementOf, panel, termList } from "../base/dom.ts";
import { ageText, bytesText, momentText, msText, percentText, plural, unknownText } from "../base/words.ts";

export function factPanels(description: Description): HTMLElement[] {
  return [
    availabilityPanel(description),
    sandboxPanel(description),
    runPanel(description),
    environmentPanel(description),
    eventsPanel(description),
  ];
}

function availabilityPanel({ availability, unwell, spec, status }: Description): HTMLElement {
  const health =
    unwell === null ? null : elementOf("p", { class: "bad" }, `Unhealthy since ${momentText(Date.parse(unwell.since))}: ${unwell.reason}`);
  const probe = spec.health === null ? "none set; bs9 start --health PATH sets one" : probeText(spec.health);
  const rows = termList([
    ["Health", status.health ?? "not probed"],
    ["Probe", probe],
  ]);
  if (availability === null)
    return panel("Health and availability", health, rows, elementOf("p", { class: "none" }, "bs9 has not observed this service yet."));
  return panel("Health and availability", health, rows, strip("24 h", availability.day), strip("30 days", availability.month));
}

function probeText(health: NonNullable<Description["spec"]["health"]>): string {
  switch (health.kind) {
    case "path":
      return `GET ${health.path}`;
    case "url":
      return `GET ${health.url}`;
    case "tcp":
      return `connects to port ${health.port}`;
    case "cmd":
      return health.command;
  }
}

/** The shares of the time in which the service was up, down, stopped by a user, or not observed. */
function strip(title: string, { upMs, downMs, stoppedMs, unknownMs, uptimeRatio, recoveries, meanRecoveryMs }: Available): HTMLElement {
  const total = Math.max(1, upMs + downMs + stoppedMs + unknownMs);
  let x = 0;
  const parts = Object.entries({ up: upMs, down: downMs, stopped: stoppedMs, unknown: unknownMs }).map(([kind, ms]) => {
    // A second of being down must be seen in a month, too.
    const width = ms === 0 ? 0 : Math.max(0.6, (ms / total) * 100);
    const rect = drawing("rect", { class: kind, x: x.toFixed(2), width: width.toFixed(2), height: 10 });
    x += width;
    return rect;
  });
  const times = [
    downMs > 0 ? `down ${ageText(downMs)}` : null,
    stoppedMs > 0 ? `stopped ${ageText(stoppedMs)}` : null,
    unknownMs > 0 ? `not observed ${ageText(unknownMs)}` : null,
    recoveries > 0 ? `${plural(recoveries, "recovery", "recoveries")}, ${msText(meanRecoveryMs)} each` : null,
  ].filter((text) => text !== null);
  return elementOf(
    "div",
    { class: "strip" },
    elementOf("span", {}, title),
    elementOf("b", {}, shareText(uptimeRatio)),
    drawing("svg", { viewBox: `0 0 ${x.toFixed(2)} 10`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...parts),
    elementOf("span", { class: "dim" }, times.length === 0 ? "always up" : times.join(", ")),
  );
}

/** Rounded down, because 100% means that the service was never down. */
function shareText(ratio: number | null): string {
  return ratio === null ? unknownText : `${(Math.floor(ratio * 10_000) / 100).toFixed(ratio === 1 ? 0 : 2)}%`;
}

function sandboxPanel({ sandbox, isolation, directories }: Description): HTMLElement {
  const { profile, verdict, verified, probed, missing, unheld } = sandbox;
  const open = directories === null ? null : directories.writable.map(({ path, own }) => (own ? `${path} (its own)` : path));
  return panel(
    "Sandbox",
    termList([
      ["In effect", `${verdict}, profile ${profile}`],
      ["Isolation", isolation === null ? "unknown while it does not run" : isolation.verdict],
      ["Verified", `${plural(verified.length, "directive")} on the live process, ${probed.length} by a test on this host`],
      ["Can write", open === null ? "the next start would be refused" : pathList(open)],
      ["Can read", directories === null ? null : pathList(directories.readable)],
      ["Hidden", directories === null || directories.hidden.length === 0 ? null : pathList(directories.hidden)],
    ]),
    ...missingList("Missing", missing),
    ...missingList("Not in effect on this host", unheld),
    ...missingList("Missing isolation", isolation?.missing ?? []),
    folded(`All ${sandbox.declared.length} directives`, elementOf("pre", { tabindex: 0 }, sandbox.declared.join("\n"))),
  );
}

function missingList(title: string, missing: readonly Missing[]): HTMLElement[] {
  if (missing.length === 0) return [];
  const items = missing.map(({ directive, why, mend }) =>
    elementOf(
      "li",
      {},
      elementOf("b", {}, directive),
      `: ${why}. `,
      mend === "" ? null : elementOf("span", {}, "Fix: ", elementOf("code", {}, mend)),
    ),
  );
  return [elementOf("h3", {}, title), elementOf("ul", { class: "missing" }, ...items)];
}

function pathList(paths: readonly string[]): Child {
  return elementOf("span", { class: "paths" }, ...paths.map((path) => elementOf("code", {}, path)));
}

function runPanel({ spec, status, unit, preload, served, lastEnd }: Description): HTMLElement {
  const { limits } = status;
  const limit = (one: { value: number; inForce: boolean } | null, text: (value: number) => string) =>
    one === null ? "none" : `${text(one.value)}${one.inForce ? "" : " (not in force)"}`;
  const runtime = spec.runtime.kind === "bs9" ? `bs9 ${spec.runtime.version}` : spec.runtime.kind === "none" ? "none" : spec.runtime.path;
  return panel(
    "Process",
    termList([
      ["Entry", elementOf("code", {}, [spec.entry.path, ...spec.args].join(" "))],
      ["Runtime", runtime],
      ["Process", status.pid === null ? "none" : `pid ${status.pid}, ${plural(status.tasks ?? 0, "task")}`],
      ["Port", status.port === null ? "none" : String(status.port)],
      ["Memory limit", limit(limits.memoryBytes, (value) => bytesText(value))],
      ["CPU limit", limit(limits.cpuPercent, (value) => percentText(value))],
      ["Task limit", limit(limits.tasks, String)],
      ["Restart", `${spec.restart.policy}${spec.restart.max === null ? "" : `, at most ${spec.restart.max} times`}`],
      ["Last end", lastEnd],
      [
        "Requests",
        served === null
          ? `not reported${preload.why === null ? "" : `: ${preload.why}`}`
          : `${served.count} answered, ${served.failed} with an error`,
      ],
      ["Unit", elementOf("code", {}, unit.file)],
    ]),
    unit.text === "" ? null : folded("Text of the unit", elementOf("pre", { tabindex: 0 }, unit.text)),
  );
}

function environmentPanel({ environment }: Description): HTMLElement {
  const keys = environment.toSorted().map((key) => elementOf("code", {}, key));
  return panel(
    "Environment",
    elementOf("p", { class: "dim" }, "Names only: values are secret, and never leave the host."),
    elementOf("p", { class: "paths" }, ...keys),
  );
}

function eventsPanel({ events }: Description): HTMLElement {
  if (events.length === 0) return panel("Events", elementOf("p", { class: "none" }, "No events yet."));
  const lines = events
    .toReversed()
    .map(({ at, message }) =>
      elementOf("li", {}, elementOf("time", { datetime: at }, momentText(Date.parse(at))), elementOf("span", {}, message)),
    );
  return panel("Events", elementOf("ol", { class: "acts-list" }, ...lines));
}

function folded(title: string, content: HTMLElement): HTMLElement {
  return elementOf("details", {}, elementOf("summary", {}, title), content);
}
