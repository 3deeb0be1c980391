// What the live process of a service shows of its sandbox, as far as that can be told now.
import type { Backend, Glimpse, Reading } from "../backend/backend.ts";
import { isolationOff } from "../backend/isolation.ts";
import type { SandboxVerdict } from "../backend/verdict.ts";
import { reasonOf } from "../base/errors.ts";
import type { Registry } from "../service/registry.ts";
import type { Spec } from "../service/spec.ts";

export async function sandboxVerdictOf(
  spec: Spec,
  reading: Reading | Glimpse,
  { backend, registry }: { backend: Pick<Backend, "verify">; registry: Pick<Registry, "isPending"> },
): Promise<SandboxVerdict> {
  const isUp = reading.mainPid !== null && reading.state !== "unknown";
  if (spec.sandbox.profile === "off")
    return { verdict: "off", verified: [], probed: [], missing: [], ...(isUp ? { isolation: isolationOff(spec.name) } : {}) };
  // During a change the process may be of the new spec, and the spec is still the old one.
  if (!isUp || registry.isPending(spec.name)) return { verdict: "unknown", verified: [], probed: [], missing: [] };
  try {
    return await backend.verify(spec, reading);
  } catch (error) {
    // An app may have deleted its own entry: that is its trouble, and not that of the table.
    const missing = [{ directive: "verification", why: reasonOf(error), mend: `bs9 restart ${spec.name}` }];
    return { verdict: "unknown", verified: [], probed: [], missing };
  }
}
