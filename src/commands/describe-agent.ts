// bs9 describe bs9-agent: shows whether the agent runs, what it costs, and its notices.
import type { AgentUnit } from "../backend/backend.ts";
import { readIfThere } from "../base/files.ts";
import { formatAge, formatBytes } from "../base/quantities.ts";
import type { Style } from "../base/terminal.ts";
import { harmless } from "../base/text.ts";
import type { Deps } from "../lifecycle/deps.ts";
import type { Self } from "../status/agent-protocol.ts";
import type { Result } from "./command.ts";

export const agentName = "bs9-agent";

export async function describeAgent({ agent, backend, now }: Pick<Deps, "agent" | "backend" | "now">): Promise<Result> {
  const self = await agent.self();
  const whose = backend.agent?.whose() ?? "ours";
  const unit =
    backend.agent === null || whose !== "ours"
      ? null
      : { name: `${agentName}.service`, file: backend.agent.file, text: readIfThere(backend.agent.file) ?? "" };
  return {
    value: { name: agentName, answers: self !== null, self, unit },
    names: [agentName],
    text: (style) => [
      style.bold(agentName),
      ...(self === null ? [`  ${style.yellow("does not answer")}: ${whyNot(whose, agent.trouble)}`] : rows(self, now(), style)),
      ...(backend.agent === null ? ["", "The agent is part of the supervisor: the CPU and memory shown are those of both together."] : []),
      ...(unit === null ? [] : ["", style.bold("Unit"), ...lines(unit.text, style)]),
    ],
    hints: self === null && unit !== null ? [`Try: systemctl --user status ${agentName}`] : [],
  };
}

function whyNot(whose: ReturnType<AgentUnit["whose"]>, trouble: string | null): string {
  if (whose === "nobody's") return "it is started with the first service";
  if (typeof whose === "object")
    return `the unit ${agentName}.service belongs to ${harmless(whose.other)}, and each user has only one agent`;
  const why = trouble === null ? "" : ` (${harmless(trouble)})`;
  return `no samples of services are stored, and their health is not checked${why}`;
}

function rows(self: Self, nowMs: number, style: Style): string[] {
  const { tickCpuMs, databaseBytes } = self;
  const told: [string, string][] = [
    ["pid", `${self.pid}, up ${formatAge(Math.max(0, nowMs - Date.parse(self.since)))}`],
    ["version", self.version],
    ["services", String(self.services)],
    ["ticks", `${self.ticks}, every ${self.intervalMs / 1000} s; ${self.lateTicks} late, ${self.overrunTicks} ran out of time`],
    [
      "cpu of a tick",
      tickCpuMs === null ? "none yet" : `${tickCpuMs.mean} ms on average, ${tickCpuMs.max} ms at most, over the last 100 ticks`,
    ],
    ["cpu", `${self.cpuPercent}% of a core since it started`],
    ["memory", formatBytes(self.memoryBytes)],
    ["database", databaseBytes === null ? "none yet" : formatBytes(databaseBytes)],
    ["changes", self.changesBy === "signals" ? "reported as they happen" : "found at the next tick, because D-Bus is unavailable"],
  ];
  const width = Math.max(...told.map(([label]) => label.length));
  return [
    ...told.map(([label, text]) => `  ${style.dim(label.padEnd(width))}  ${harmless(text)}`),
    ...self.notices.map((notice) => `  ${style.yellow("notice")}  ${harmless(notice.what)}`),
  ];
}

function lines(text: string, style: Style): string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `  ${style.dim(line)}`);
}
