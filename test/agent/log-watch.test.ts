// A reader of lines that is opened again goes on where the earlier one ended.
import { expect, test } from "bun:test";
import { LogWatch } from "../../src/agent/act/log-watch.ts";
import type { Backend, LogRecord } from "../../src/backend/backend.ts";
import { until } from "../harness.ts";

test("lines between two readers are searched, and each line only once", async () => {
  const written: LogRecord[] = [];
  let nowMs = Date.UTC(2026, 0, 5, 12);
  const write = (message: string, service = "web") =>
    void written.push({ atMs: nowMs++, service, stream: "stdout", priority: null, message });
  let opened = 0;
  let read = 0;
  let isHeld = false;
  const logs: Backend["logs"] = async function* ({ lines, services, sinceMs }, signal) {
    opened++;
    let next = lines === 0 ? written.length : written.findIndex(({ atMs }) => atMs >= (sinceMs ?? 0));
    if (next < 0) next = written.length;
    while (!signal.aborted) {
      const record = isHeld ? undefined : written[next];
      if (record === undefined) {
        await Bun.sleep(1);
        continue;
      }
      next++;
      read++;
      if (services.includes(record.service)) yield record;
    }
  };
  const watch = new LogWatch({ backend: { logs }, now: () => nowMs, onMatch: () => {}, say: () => {} });
  const rule = { name: "panic", pattern: "panic", quiet: 1000, severity: "warning" as const };
  watch.watch(new Map([["web", [rule]]]));
  await until(() => opened === 1, { what: "the lines are followed" });
  write("panic: first");
  await until(() => read === 1, { what: "the first line is read" });
  isHeld = true;
  write("panic: second");
  write("panic: from before the rules of api", "api");
  nowMs += 5000;
  watch.watch(
    new Map([
      ["web", [rule]],
      ["api", [rule]],
    ]),
  );
  await until(() => opened === 2, { what: "the lines are followed again" });
  write("panic: third");
  write("panic: of api", "api");
  isHeld = false;
  await until(() => read === 6, { what: "all lines are read" });
  await watch.close();
  expect(watch.take("web").get("panic")).toEqual({ line: "panic: first", count: 3, isGapped: false });
  expect(watch.take("api").get("panic")).toEqual({ line: "panic: of api", count: 1, isGapped: false });
  expect(watch.notices()).toEqual([]);
});
