// Requirements on every backend: the log lines of services, and the reports of the backend about services.
import { expect } from "bun:test";
import type { LogRecord } from "../../src/backend/backend.ts";
import { until } from "../harness.ts";
import { type Stage, sleeper } from "./stage.ts";

const own = (records: LogRecord[]): LogRecord[] => records.filter(({ stream }) => stream !== "bs9");
const messages = (records: LogRecord[]): string[] => own(records).map(({ message }) => message);

async function said(stage: Stage, name: string, lines: number): Promise<LogRecord[]> {
  return until(
    async () => {
      const records = own(await stage.lines(name));
      return records.length >= lines ? records : null;
    },
    { what: `${lines} lines of ${name}` },
  );
}

export const logs: Record<string, (stage: Stage) => Promise<void>> = {
  async "log lines of stdout and stderr are distinguished and in order, and lines of other services are left out"(stage) {
    const count = "for i in 1 2 3 4 5; do echo out $i; done; for i in 1 2 3; do echo err $i >&2; done";
    const spec = stage.spec("one", `${count}; ${sleeper}`);
    const other = stage.spec("other", `echo not mine; ${sleeper}`);
    const fromMs = Date.now();
    await stage.up(other);
    await stage.up(spec);
    const records = await said(stage, "one", 8);
    const of = (stream: string) => messages(records.filter((record) => record.stream === stream));
    expect(of("stdout")).toEqual(["out 1", "out 2", "out 3", "out 4", "out 5"]);
    expect(of("stderr")).toEqual(["err 1", "err 2", "err 3"]);
    for (const { service, atMs } of records) {
      expect(service).toBe("one");
      expect(Math.abs(atMs - fromMs)).toBeLessThan(60_000);
    }
    for (let i = 1; i < records.length; i++) expect(records[i]?.atMs).toBeGreaterThanOrEqual(records[i - 1]?.atMs ?? 0);
    const isOut = ({ stream }: LogRecord) => stream === "stdout";
    expect(messages(await stage.lines("one", 2, { accept: isOut }))).toEqual(["out 4", "out 5"]);
    expect(await stage.lines("one", 0)).toEqual([]);
    expect(await stage.lines("one", null, { sinceMs: Date.now() + 60_000 })).toEqual([]);
    expect(await stage.lines("one", null, { untilMs: fromMs - 60_000 })).toEqual([]);
    expect(await stage.lines("nobody")).toEqual([]);
  },

  async "log lines of several services are sorted by time"(stage) {
    const { logTimes } = stage.backend.capabilities;
    const pause = logTimes ? 0.05 : 1.2;
    const [a, b] = ["a", "b"].map((name) =>
      stage.spec(name, `while [ ! -e go-${name} ]; do sleep 0.01; done; echo of ${name}; ${sleeper}`),
    );
    if (a === undefined || b === undefined) return;
    await stage.up(a);
    await stage.up(b);
    // Lines without timestamps get the time at which their files were checked, about once a second.
    for (const name of ["b", "a"]) {
      await Bun.write(`${stage.root}/go-${name}`, "");
      await said(stage, name, 1);
      await Bun.sleep(pause * 1000);
    }
    expect(messages(await stage.lines("a", null, { services: ["a", "b"] }))).toEqual(["of b", "of a"]);
  },

  async "long lines, control characters and characters outside of ASCII are read unchanged from a log"(stage) {
    const long = "x".repeat(10_000);
    const spec = stage.spec(
      "one",
      `echo ${long}; echo; printf 'a\\tb \\033[31mred\\033[0m\\n'; printf '\\303\\251\\n'; printf 'half'; exec sleep 1000`,
    );
    await stage.up(spec);
    const records = await said(stage, "one", 3);
    const got = messages(records);
    expect(got[0]).toBe(long);
    expect(got).toContain("a\tb \x1b[31mred\x1b[0m");
    expect(got).toContain("é");
  },

  async "following a log yields the last lines, then each new line once, also after a restart and a deletion of the service"(stage) {
    const spec = stage.spec("one", `echo before; echo begun; ${sleeper}`);
    await stage.up(spec);
    await said(stage, "one", 2);
    const stop = new AbortController();
    const got: string[] = [];
    const ready = Promise.withResolvers<void>();
    const query = { services: ["one"], lines: 1, sinceMs: null, untilMs: null, follow: true, caughtUp: () => ready.resolve() };
    const following = (async () => {
      for await (const record of stage.backend.logs(query, stop.signal)) if (record.stream !== "bs9") got.push(record.message);
    })();
    await ready.promise;
    await until(() => got.length === 1, { what: "the last line" });
    await stage.backend.restart([spec]);
    await until(() => got.length >= 3, { what: "the new lines" });
    await stage.backend.stop([spec]);
    await stage.backend.undefine(["one"]);
    await stage.up(spec);
    await until(() => got.length >= 5, { what: "the lines of the new one" });
    stop.abort();
    await following;
    expect(got).toEqual(["begun", "before", "begun", "before", "begun"]);
  },

  async "what systemd or the supervisor reports about a service is in a separate stream of its log"(stage) {
    const spec = stage.spec("one", "echo a word; exit 3", { restart: { max: 1 } });
    await stage.define(spec);
    await stage.backend.start([spec]);
    await stage.reached("one", "failed");
    const words = await until(
      async () => {
        const records = (await stage.lines("one")).filter(({ stream }) => stream === "bs9");
        return records.length >= 3 ? records : null;
      },
      { what: "its words" },
    );
    expect(words.map(({ message }) => message)).toEqual(["exited with 3", "exited with 3", "given up: it ended too often"]);
    for (const { service, priority } of words) expect([service, priority]).toEqual(["one", 3]);
    expect(await stage.backend.logNotices(null, new AbortController().signal)).toBeArray();
  },
};
