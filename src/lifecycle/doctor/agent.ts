// Checks that the agent runs, has the version of this bs9, and can store its samples.
import { type Finding, plainFix } from "../../backend/finding.ts";
import { harmless } from "../../base/text.ts";
import type { DoctorInput } from "./input.ts";
import { findings } from "./table.ts";

export async function agentFindings({ deps, specs }: DoctorInput): Promise<Finding[]> {
  if (deps === null || specs.length === 0) return [];
  const { agent, backend } = deps;
  const self = await agent.self();
  const unit = backend.agent;
  if (self === null) {
    // Without systemd the agent is a part of the supervisor, which runs whenever a service does.
    if (unit === null) return [];
    const whose = unit.whose();
    if (typeof whose === "object") return [findings.agentOfOther(whose)];
    const start = async () => (await unit.keep(true, "nobody")) ?? "the agent is asked to start, unless it was disabled by hand";
    return [findings.agentDown({ trouble: agent.trouble }, plainFix(start))];
  }
  const restart = unit === null ? null : plainFix(async () => (await unit.keep(true, "other")) ?? "the agent is asked to restart");
  const other = self.version === agent.version ? [] : [findings.agentOlder({ its: self.version, ours: agent.version }, restart)];
  const untold = self.notices.map(
    ({ what, fix }): Finding => ({
      id: "storage",
      severity: "warning",
      what: harmless(what),
      why: "the history of the services has a gap at that time",
      mend: fix ?? "bs9 describe bs9-agent",
      fix: null,
    }),
  );
  return [...other, ...untold];
}
