// Stages for the tests of the alerts of the agent: services that fail, and what was told.
import type { Turns } from "../../src/agent/turns.ts";
import { Stage } from "./stage.ts";

export const stages: [Stage, Turns][] = [];

/** To be called after each test. */
export async function endStages(): Promise<void> {
  for (const [stage, turns] of stages.splice(0)) await stage.end(turns);
}

export async function begin(prepare: (stage: Stage) => void = () => {}): Promise<{ stage: Stage; turns: Turns }> {
  const stage = new Stage();
  prepare(stage);
  const turns = await stage.turns();
  stages.push([stage, turns]);
  return { stage, turns };
}

/** What was told since the last call, such as `web failed firing`. */
export function toldIn(stage: Stage): string[] {
  return stage.messages.splice(0).flatMap(({ events }) => events.map(({ subject, rule, kind }) => `${subject} ${rule} ${kind}`));
}

export const sleep = ["sleep", "infinity"];

export function fail(stage: Stage, name: string, run: string): void {
  const before = stage.readings.get(name);
  stage.readings.set(name, { ...before, state: "failed", mainPid: null, group: null, end: "killed by SIGKILL", run });
  stage.tell?.({ name, state: "failed", atMs: stage.clock.nowMs });
}
