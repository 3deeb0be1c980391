// The routes that read, over real sockets: their parameters, their limits, and how one page leads to the next.
import { afterAll, expect, test } from "bun:test";
import type { LogQuery, RawLine } from "../../src/logs/query.ts";
import { hostName } from "../../src/metrics/subject.ts";
import { Trail } from "../../src/trail/trail.ts";
import type { Web } from "../../src/web/server.ts";
import type { WebSource } from "../../src/web/source.ts";
import { tempDir, until } from "../harness.ts";
import { fullToken, plainSource, webOf } from "./scene.ts";

const started: Web[] = [];
afterAll(async () => {
  for (const web of started) await web.stop();
});

function serve(source: Partial<WebSource> = {}) {
  const web = webOf(source);
  started.push(web);
  return async <T>(path: string): Promise<{ status: number; body: T; text: string }> => {
    const answered = await fetch(`http://127.0.0.1:${web.port}${path}`, { headers: { Authorization: `Bearer ${fullToken}` } });
    const text = await answered.text();
    return { status: answered.status, body: JSON.parse(text) as T, text };
  };
}

/** Lines as a backend returns them: in order of time, the last ones where their number is limited. */
function logsOf(lines: RawLine[]): WebSource["logs"] {
  return async (query: LogQuery) => {
    const inRange = lines.filter(({ atMs }) => atMs >= (query.sinceMs ?? 0) && atMs <= (query.untilMs ?? Number.POSITIVE_INFINITY));
    const accepted = inRange.filter((line) => query.accept?.(line) ?? true);
    return (async function* () {
      yield* query.lines === null ? accepted : accepted.slice(Math.max(0, accepted.length - query.lines));
    })();
  };
}

type Page = { lines: { at: string; message: string; level: string }[]; older: string | null; complete: boolean };
const line = (atMs: number, message: string): RawLine => ({ atMs, service: "web", stream: "stdout", priority: null, message });
// Four lines of each millisecond.
const lines = Array.from({ length: 103 }, (_, i) => line(1000 + Math.floor(i / 4), `line ${i}`));

test("pages of log lines lead to all lines, each once, also where many have the same time", async () => {
  const get = serve({ logs: logsOf(lines) });
  const found: string[] = [];
  let cursor = "";
  for (let pages = 0; pages < 50; pages++) {
    const { body } = await get<Page>(`/api/logs?limit=7${cursor}`);
    found.unshift(...body.lines.map(({ message }) => message));
    if (body.older === null) break;
    cursor = `&cursor=${body.older}`;
  }
  expect(found).toEqual(lines.map(({ message }) => message));
});

test("log lines are searched as plain text, in upper and lower case, and by level", async () => {
  const get = serve({ logs: logsOf([line(1, "ERROR: (a+)+ failed"), line(2, "all is well"), line(3, "\u001b[31mA\u001b[0mll red")]) });
  const messages = async (query: string) => (await get<Page>(`/api/logs?${query}`)).body.lines.map(({ message }) => message);
  expect(await messages("q=(A%2B)%2B")).toEqual(["ERROR: (a+)+ failed"]);
  expect(await messages("q=all")).toHaveLength(2);
  expect(await messages("level=warn")).toEqual(["ERROR: (a+)+ failed"]);
});

test("a search with a filter is answered in pages too, and an empty page of it does not end the search", async () => {
  const get = serve({ logs: logsOf(lines) });
  const found: string[] = [];
  let cursor = "";
  for (let pages = 0; pages < 50; pages++) {
    const { body } = await get<Page>(`/api/logs?limit=2&q=${encodeURIComponent("line 1")}${cursor}`);
    found.unshift(...body.lines.map(({ message }) => message));
    if (body.older === null) break;
    cursor = `&cursor=${body.older}`;
  }
  expect(found).toEqual(lines.map(({ message }) => message).filter((message) => message.includes("line 1")));
});

test("the lines around a time come from before and after it", async () => {
  const get = serve({ logs: logsOf(lines) });
  const { body } = await get<Page>(`/api/logs?limit=6&around=${new Date(1010).toISOString()}`);
  expect(body.lines.map(({ message }) => message)).toEqual([37, 38, 39, 40, 41, 42].map((i) => `line ${i}`));
});

test("the more lines a search asks for, the shorter it lets the messages be", async () => {
  const asked: (number | undefined)[] = [];
  const get = serve({
    logs: async ({ maxMessageLength }) => {
      asked.push(maxMessageLength);
      return (async function* () {})();
    },
  });
  for (const query of ["limit=200", "limit=1000", "limit=1000&cursor=5-20000"]) await get<Page>(`/api/logs?${query}`);
  expect(asked).toEqual([16_384, 8388, 399]);
});

test("one line around a time is one line", async () => {
  const get = serve({ logs: logsOf(lines) });
  const { body } = await get<Page>(`/api/logs?limit=1&around=${new Date(1010).toISOString()}`);
  expect(body.lines).toHaveLength(1);
});

test("a client that has gone ends its log search", async () => {
  let ended = false;
  let begun = false;
  const web = webOf({
    logs: async (_, signal) =>
      (async function* () {
        begun = true;
        signal.addEventListener("abort", () => {
          ended = true;
        });
        await until(() => signal.aborted, { what: "the search is aborted", timeoutMs: 5000 });
      })(),
  });
  started.push(web);
  const leaving = new AbortController();
  const asked = fetch(`http://127.0.0.1:${web.port}/api/logs`, {
    headers: { Authorization: `Bearer ${fullToken}` },
    signal: leaving.signal,
  }).catch(() => null);
  await until(() => begun, { what: "the search has begun" });
  leaving.abort();
  await asked;
  await until(() => ended, { what: "the search ends", timeoutMs: 5000 });
});

test.each([
  "/api/logs?services=web,nope",
  "/api/logs?services=../etc",
  "/api/logs?limit=1001",
  "/api/logs?limit=-1",
  "/api/logs?cursor=x",
  "/api/logs?cursor=1-9999999",
  "/api/logs?cursor=1-20001",
  "/api/logs?level=loud",
  "/api/logs?since=yesterday",
  "/api/logs?around=1h&since=1h",
  `/api/logs?q=${"x".repeat(201)}`,
  "/api/logs?q=a&q=b",
  "/api/logs?grep=a",
  "/api/metrics/history?step=0",
  "/api/metrics/history?from=365d&step=1",
  "/api/metrics/history?from=1h&to=2h",
  "/api/metrics/history?service=../x",
  "/api/history?cursor=-1",
])("%s is refused with a sentence", async (path) => {
  const { status, body } = await serve()<{ detail: string }>(path);
  expect([status, body.detail.length > 10]).toEqual([400, true]);
});

test("stored samples are returned with their time, in steps that keep the answer short", async () => {
  const asked: unknown[] = [];
  const storage = {
    series: async (...of: unknown[]) => {
      asked.push(of[2]);
      return [{ atMs: 5000, samples: 1, cpuPercent: 3 }];
    },
    newest: async () => null,
    services: async () => [],
  };
  const get = serve({ storage });
  const { body } = await get<{ points: unknown[]; stepSeconds: number }>("/api/metrics/history?service=web&from=10h");
  expect(body).toMatchObject({ stepSeconds: 120, points: [{ at: "1970-01-01T00:00:05.000Z", samples: 1, cpuPercent: 3 }] });
  expect(asked).toEqual([120_000]);
});

test("the trail is read from its newest record on, page by page, and names the client that acted over HTTP", async () => {
  const http = { address: "192.0.2.9", by: "session" as const, forwardedFor: null };
  const who = { uid: 1, user: "u", loginUid: null, terminal: null, sshFromEnvironment: null, pid: 1, origin: "web" as const, http };
  const folder = tempDir();
  const trail = new Trail({
    folder,
    who,
    now: () => 0,
    journal: { tell: async () => {}, recall: async () => [] } as never,
    maxBytes: 2000,
  });
  for (let count = 0; count < 25; count++)
    await trail.append({
      act: "restart",
      targets: [count % 2 === 0 ? "web" : "api"],
      difference: [],
      result: { outcome: "ok", exitStatus: 0, message: null, failed: [] },
    });
  const expected = [...trail.records()].filter(({ targets }) => targets.includes("web")).map(({ seq }) => seq);
  const get = serve({ records: (before) => trail.newestFirst(before) });
  const found: number[] = [];
  for (let cursor = "", pages = 0; pages < 20; pages++) {
    const { body } = await get<{ records: { seq: number; who: object }[]; next: number | null }>(
      `/api/history?services=web&limit=3${cursor}`,
    );
    found.unshift(...body.records.map(({ seq }) => seq).reverse());
    for (const record of body.records) expect(record.who).toMatchObject({ http });
    if (body.next === null) break;
    cursor = `&cursor=${body.next}`;
  }
  expect(found).toEqual(expected);
  expect((await trail.verify()).breaks).toEqual([]);
});

test("the trail is asked for the records before the cursor only", async () => {
  const asked: (number | null)[] = [];
  const get = serve({
    records: (before) => {
      asked.push(before);
      return [];
    },
  });
  await get("/api/history");
  await get("/api/history?cursor=40");
  expect(asked).toEqual([null, 40]);
});

test.each([
  ["young", 0, { atMs: expect.any(Number), samples: 1, load1: 3 }],
  ["too old", 60_000, null],
])("stored figures of the host that are %s", async (_, ageMs, figures) => {
  const atMs = Date.now() - ageMs;
  const newest = async () => ({ atMs, intervalMs: 5000, points: new Map([[hostName, { atMs, samples: 1, load1: 3 }]]) });
  const snapshot = async () => ({ ...(await plainSource.snapshot()), host: null });
  const get = serve({ snapshot, storage: { ...plainSource.storage, newest } });
  expect((await get<{ figures: unknown }>("/api/host")).body.figures).toEqual(figures);
});
