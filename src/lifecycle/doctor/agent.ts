// Whether the agent runs, is the one of this bs9, and can store what it sees.
import { type Finding, plainFix } from "../../backend/finding.ts";
import { harmless } from "../../base/text.ts";
import type { Ground } from "./ground.ts";

export async function agentFindings({ deps, specs }: Ground): Promise<Finding[]> {
  if (deps === null || specs.length === 0) return [];
  const { agent, backend } = deps;
  const self = await agent.self();
  const unit = backend.agent;
  if (self === null) {
    // Part of the supervisor, which is there as soon as there is something to supervise.
    if (unit === null) return [];
    const whose = unit.whose();
    if (typeof whose === "object")
      return [
        {
          id: "agent",
          severity: "warning",
          what: `bs9-agent.service belongs to ${harmless(whose.other)}`,
          why: "one user has one agent: samples and history of the services here are not kept, health is not looked at",
          mend: "keep services of one user in one bs9 home",
          fix: null,
        },
      ];
    return [
      {
        id: "agent",
        severity: "warning",
        what: `the agent does not answer${agent.trouble() === null ? "" : `: ${harmless(agent.trouble() ?? "")}`}`,
        why: "samples and history are not kept, health is not looked at, and log files are not cared for until a bs9 command comes",
        mend: "systemctl --user enable --now bs9-agent; systemctl --user status bs9-agent",
        fix: plainFix(async () => (await unit.keep(true, "nobody")) ?? "the agent is asked to start, unless it was disabled by hand"),
      },
    ];
  }
  const other: Finding[] =
    self.version === agent.version
      ? []
      : [
          {
            id: "agent",
            severity: "note",
            what: `the agent is of another bs9 (${harmless(self.version)}; this one is ${agent.version})`,
            why: "it may not understand what this one asks",
            mend: "systemctl --user restart bs9-agent",
            fix: unit === null ? null : plainFix(async () => (await unit.keep(true, "other")) ?? "the agent is asked to restart"),
          },
        ];
  const untold = self.notices.map(
    ({ what, fix }): Finding => ({
      id: "storage",
      severity: "warning",
      what: harmless(what),
      why: "the history of services has a gap there",
      mend: fix ?? "bs9 describe bs9-agent",
      fix: null,
    }),
  );
  return [...other, ...untold];
}
