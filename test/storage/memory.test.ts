// The conformance tests, on a storage that shares no code with the released one.
import { conformance } from "./conformance.ts";
import { emptyKept, openMemory } from "./memory.ts";

conformance("in memory", () => {
  const kept = emptyKept();
  return { open: async (keeping, now) => openMemory(kept, keeping, now), remove: async () => {} };
});
