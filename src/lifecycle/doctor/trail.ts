// Checks that nobody has changed or removed the trail, in which bs9 records every act.
import type { Finding } from "../../backend/finding.ts";
import { exitStatus } from "../../base/errors.ts";
import { acceptAct } from "../../trail/record.ts";
import { type Deps, lockRegistry } from "../deps.ts";
import { append } from "../recorded.ts";
import type { DoctorInput } from "./input.ts";
import { findings } from "./table.ts";

export async function trailFindings({ verifyTrail, deps }: DoctorInput): Promise<Finding[]> {
  const { breaks, removed } = await verifyTrail();
  // The only fault is that an earlier trail is missing. The user may have removed it on purpose, so this is a warning and not
  // an error.
  const isRemovedOnly = removed.length > 0 && breaks.length === removed.length;
  if (isRemovedOnly) return [removedTrail(removed, deps)];
  const [first] = breaks;
  return first === undefined ? [] : [findings.trail({ first, count: breaks.length })];
}

function removedTrail(removed: string[], deps: Deps | null): Finding {
  const about = { count: removed.length };
  if (deps === null) return findings.trailRemoved(about);
  const accept = async () => {
    const entry = { act: acceptAct, targets: [], differences: [{ path: "removed", before: undefined, after: removed }] };
    using _lock = await lockRegistry(deps, "doctor");
    await append(deps, entry, { message: null, failed: [], exitStatus: exitStatus.done });
    return "the trail now records that an earlier trail was removed";
  };
  const question = "An earlier trail was removed. Record in the trail that you know of it?";
  return findings.trailRemoved(about, { question, ways: [{ word: "accept it", run: accept }] });
}
