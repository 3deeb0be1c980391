// The suite of the interface, on a storage that has nothing in common with the one that ships.
import { conformance } from "./conformance.ts";
import { emptyKept, openMemory } from "./memory.ts";

conformance("in memory", () => {
  const kept = emptyKept();
  return { open: async (keeping, now) => openMemory(kept, keeping, now), remove: async () => {} };
});
