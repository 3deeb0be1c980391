// Verifies the sandbox of a service on its live process. The verdict is `unknown` where that is impossible now.
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
  // During a change of the service the process may already run with the new spec while the registry still has the old spec.
  if (!isUp || registry.isPending(spec.name)) return { verdict: "unknown", verified: [], probed: [], missing: [] };
  try {
    return await backend.verify(spec, reading);
  } catch (error) {
    // For example, an app may have deleted its own entry. That must not make the table of all services fail.
    const missing = [{ directive: "verification", why: reasonOf(error), mend: `bs9 restart ${spec.name}` }];
    return { verdict: "unknown", verified: [], probed: [], missing };
  }
}
