// Services whose sandbox was defined by an older bs9: they keep it until somebody restarts them.
import type { Strangers } from "../backend/backend.ts";
import { sandboxEdition } from "../backend/sandbox.ts";
import type { Records } from "./record.ts";

/** The supervisor has no unit files that others could change, so it only reports services with the sandbox of an older bs9. */
export function supervisorStrangers(records: Pick<Records, "get">): Strangers {
  const isOlder = (name: string): boolean => {
    const record = records.get(name);
    return record !== null && record.edition < sandboxEdition && record.spec.sandbox.profile !== "off";
  };
  return {
    changes: (defined) => defined.filter(isOlder).map((name) => ({ name, kind: "older", files: [] })),
    takeOver: async () => null,
    discard: async () => {},
    services: async () => [],
  };
}
