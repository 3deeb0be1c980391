// A reader that is opened at the first query: most commands never query it, and should not wait for it to load.
import type { StorageReader } from "./storage.ts";

export function lazyReader(open: () => Promise<StorageReader>): StorageReader {
  let opened: Promise<StorageReader> | null = null;
  const reader = () => {
    opened ??= open();
    return opened;
  };
  return {
    services: async () => (await reader()).services(),
    newest: async (service) => (await reader()).newest(service),
    series: async (service, range, stepMs) => (await reader()).series(service, range, stepMs),
    moments: async (range, stepMs) => (await reader()).moments(range, stepMs),
    async *rows(range, service) {
      yield* (await reader()).rows(range, service);
    },
    watches: async (service, range) => (await reader()).watches(service, range),
    async close() {
      await (await opened)?.close();
      opened = null;
    },
  };
}
