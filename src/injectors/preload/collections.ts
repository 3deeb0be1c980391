// How often and for how long Node collected garbage. Bun does not tell.
import { attempt } from "./attempt.ts";
import { load } from "./builtin.ts";

export type Collected = { kind: string; count: number; seconds: number };

/** By the number that Node gives to each kind. */
const kinds: Record<number, string> = { 1: "minor", 2: "minor", 4: "major", 8: "incremental", 16: "weakcb" };
export const collections: Collected[] = [];

export function watchCollections(): void {
  if (typeof Bun !== "undefined") return;
  const { PerformanceObserver } = load<typeof import("node:perf_hooks")>("node:perf_hooks");
  const observer = new PerformanceObserver((list) => {
    attempt(() => {
      for (const entry of list.getEntries()) {
        const { detail } = entry as { detail?: { kind?: number } };
        add(kinds[detail?.kind ?? 0] ?? "other", entry.duration / 1000);
      }
    });
  });
  observer.observe({ entryTypes: ["gc"] });
}

function add(kind: string, seconds: number): void {
  let found = collections.find((one) => one.kind === kind);
  if (found === undefined) {
    found = { kind, count: 0, seconds: 0 };
    collections.push(found);
  }
  found.count++;
  found.seconds += seconds;
}
