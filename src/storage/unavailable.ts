// Stands in for a storage that cannot be used, such as the file of a newer bs9: it stores nothing and says why.
import type { Storage } from "./storage.ts";

export function unavailable(reason: string): Storage {
  const stored = { stored: false, reason } as const;
  return {
    append: async () => stored,
    observe: async () => stored,
    turn: async () => {},
    notices: () => [`samples are not stored: ${reason}`],
    services: async () => [],
    newest: async () => null,
    series: async () => [],
    moments: async () => [],
    async *rows() {},
    watches: async () => [],
    close: async () => {},
  };
}
