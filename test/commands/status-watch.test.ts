// `status --watch` on a terminal prints nothing after it has ended.
import { afterEach, expect, jest, test } from "bun:test";
import { watch } from "../../src/commands/status-watch.ts";
import type { Context } from "../../src/context.ts";
import type { ModelEvent } from "../../src/status/events.ts";

afterEach(() => {
  jest.useRealTimers();
});

test("status --watch prints nothing after it has ended", async () => {
  jest.useFakeTimers();
  const written: string[] = [];
  const snapshot = { atMs: 0, services: [], added: [], notices: [], warnings: [], alerts: [], host: null };
  const context = {
    terminal: {
      isTerminal: true,
      style: { dim: String, bold: String },
      columns: 80,
      write: (text: string) => written.push(text),
      flow: async () => true,
    },
    settings: { json: false },
    signal: new AbortController().signal,
    registry: { names: () => [] },
    prepare: async () => ({ backend: { kind: "systemd" } }),
    model: {
      async *follow(): AsyncGenerator<ModelEvent> {
        yield { kind: "snapshot", snapshot };
      },
    },
  } as unknown as Context;
  await watch({ words: [] } as unknown as Parameters<typeof watch>[0], context);
  const before = written.length;
  jest.advanceTimersByTime(1000);
  expect(written.length).toBe(before);
});
