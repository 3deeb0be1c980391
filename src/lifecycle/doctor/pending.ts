// Finds changes that killed commands left half done, and the process that holds the lock of the registry.
import { type Finding, plainFix } from "../../backend/finding.ts";
import { Bs9Error, reasonOf } from "../../base/errors.ts";
import { lockRegistry } from "../deps.ts";
import { recover } from "../recover.ts";
import type { DoctorInput } from "./input.ts";
import { findings } from "./table.ts";

/** The kernel releases the lock when its holder ends, so a process that holds it is alive. */
export async function lockFindings({ registry }: DoctorInput): Promise<Finding[]> {
  const holder = await registry.holder().catch(() => null);
  return holder === null ? [] : [findings.lock({ holder, pid: /pid (\d+)/.exec(holder)?.[1] })];
}

export function pendingFindings({ registry, deps }: DoctorInput): Finding[] {
  const { changes, broken } = registry.abandoned();
  const unsettled = changes.map(({ spec: { name } }) => {
    if (deps === null) return findings.pending({ name });
    const settle = async () => {
      using _lock = await lockRegistry(deps, "doctor");
      await recover(deps);
      return `the change of ${name} is settled`;
    };
    return findings.pending({ name }, plainFix(settle));
  });
  const unreadable = broken.map(({ error }) =>
    findings.unreadablePending({ reason: reasonOf(error), hint: error instanceof Bs9Error ? error.hint : undefined }),
  );
  return [...unsettled, ...unreadable];
}
