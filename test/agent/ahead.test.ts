// The agent alerts before memory is full, on certificates, and on lines that match a pattern, while its turns go on.
import { afterEach, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AlertFile } from "../../src/alerting/config/config.ts";
import { writeAlerts } from "../../src/alerting/config/file.ts";
import type { LogRecord } from "../../src/backend/backend.ts";
import { certificateMaker } from "../alerting/certificates.ts";
import { until } from "../harness.ts";
import { sample } from "../storage/samples.ts";
import { begin, endStages, sleep, toldIn } from "./alert-stage.ts";
import type { Stage } from "./stage.ts";

const closing: (() => void)[] = [];
afterEach(async () => {
  await endStages();
  for (const close of closing.splice(0)) close();
});

async function staged(file: AlertFile) {
  const made = await begin((stage) => writeAlerts(stage.home, file));
  made.stage.up("web", sleep);
  return made;
}

/** Lines that the test writes, as a backend returns them. */
class Lines {
  readonly #waiting: LogRecord[] = [];
  #wake = () => {};
  taken = 0;

  write(stage: Stage, message: string, more: Partial<LogRecord> = {}): void {
    this.#waiting.push({ atMs: stage.clock.nowMs, service: "web", stream: "stdout", priority: null, message, ...more });
    this.#wake();
  }

  async *read(signal: AbortSignal): AsyncGenerator<LogRecord> {
    signal.addEventListener("abort", () => this.#wake());
    while (!signal.aborted) {
      for (let line = this.#waiting.shift(); line !== undefined; line = this.#waiting.shift()) {
        this.taken++;
        yield line;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.#waiting.length > 0 || signal.aborted) resolve();
      });
    }
  }
}

const told = { what: "an alert is told" };

const patterns: AlertFile["patterns"] = [{ name: "panic", pattern: "^panic: ", quiet: "1m" }];

test("a line that matches is told at once, again only after a quiet time, and resolved after it", async () => {
  const lines = new Lines();
  const { stage, turns } = await staged({ cooldownSeconds: 0, patterns });
  stage.logs = (_, signal) => lines.read(signal);
  let news = 0;
  turns.onNews = () => news++;
  await turns.turn();
  lines.write(stage, "all is well");
  lines.write(stage, "panic: a report of systemd", { stream: "bs9" });
  lines.write(stage, "panic: \u001b[31mout of cheese\u001b[0m\u202e");
  lines.write(stage, "panic: again");
  await until(() => lines.taken === 4 && news === 1, { what: "the lines are searched" });
  await turns.news();
  const sentence = "web wrote a line that matches /^panic: /, and 1 more: panic: out of cheese";
  expect(stage.messages).toMatchObject([{ events: [{ rule: "pattern.panic", kind: "firing", value: 2 }] }]);
  expect(stage.messages[0]?.events[0]?.sentence).toStartWith(sentence);
  expect(stage.messages[0]?.events[0]?.sentence).not.toMatch(/\p{Cc}|\u202e/u);
  expect(toldIn(stage)).toEqual(["web pattern.panic firing"]);
  stage.pass(30_000);
  lines.write(stage, "panic: still");
  await until(() => lines.taken === 5, { what: "lines.taken is 5" });
  for (let i = 0; i < 11; i++) {
    await turns.turn();
    stage.pass(5000);
  }
  expect(toldIn(stage)).toEqual([]);
  for (let i = 0; i < 3; i++) {
    await turns.turn();
    stage.pass(5000);
  }
  expect(toldIn(stage)).toEqual(["web pattern.panic resolved"]);
});

test("lines of 1 MB and a pattern that backtracks neither hold up a turn nor keep the pattern from matching", async () => {
  const lines = new Lines();
  const { stage, turns } = await staged({ patterns: [{ name: "slow", pattern: "(a+)+$" }] });
  stage.logs = (_, signal) => lines.read(signal);
  await turns.turn();
  const long = "a".repeat(1024 * 1024);
  for (let i = 0; i < 20; i++) lines.write(stage, `${long.slice(0, 4000)}${"b".repeat(100)}${long}`);
  let slowestMs = 0;
  while (lines.taken < 20) {
    stage.pass(5000);
    // The time of the CPU, because a busy machine makes each turn slow.
    const before = process.cpuUsage();
    await turns.turn();
    const { user, system } = process.cpuUsage(before);
    slowestMs = Math.max(slowestMs, (user + system) / 1000);
    for (let i = 0; i < 5; i++) await Bun.sleep(1);
  }
  expect(slowestMs).toBeLessThan(300);
  expect(toldIn(stage)).not.toContain("web pattern.slow firing");
  lines.write(stage, "aaaa");
  await until(() => lines.taken === 21, { what: "lines.taken is 21" });
  await turns.turn();
  expect(toldIn(stage)).toEqual(["web pattern.slow firing"]);
});

test("lines that come faster than they can be searched are left out, and the alert and the agent say so", async () => {
  const lines = new Lines();
  const { stage, turns } = await staged({ patterns });
  let opened = 0;
  stage.logs = (_, signal) => {
    opened++;
    return lines.read(signal);
  };
  await turns.turn();
  lines.write(stage, "late", { atMs: stage.clock.nowMs - 11_000 });
  await until(() => opened === 2, { what: "opened is 2" });
  expect(await turns.turn()).toMatchObject([
    { kind: "alerts", what: expect.stringContaining("were not searched for the patterns of alerts") },
  ]);
  lines.write(stage, "panic: now");
  await until(() => lines.taken === 2, { what: "lines.taken is 2" });
  await turns.turn();
  expect(stage.messages[0]?.events[0]?.sentence).toEndWith(
    "panic: now; lines before it were not searched, because they came faster than they can be",
  );
});

test("a certificate that expires soon is told, then that it has expired, and both end with a new one", async () => {
  const make = await certificateMaker();
  const served = async (name: string, toDays: number) => {
    const { certFile, keyFile } = await make(name, { fromDays: -1, toDays, host: "web.example", isSelfSigned: true });
    return { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
  };
  const listen = (tls: { cert: string; key: string }, port = 0) => {
    const server = Bun.serve({ hostname: "127.0.0.1", port, tls, fetch: () => new Response() });
    closing.push(() => void server.stop(true));
    return server;
  };
  const first = listen(await served("soon", 3.01));
  const port = first.port ?? 0;
  const { stage, turns } = await staged({});
  const file = join(stage.home, "cert.pem");
  writeFileSync(file, (await served("in-file", 90)).cert);
  writeAlerts(stage.home, {
    cooldownSeconds: 0,
    certificates: [
      { name: "web", service: "web", port, host: "web.example", allowUntrusted: true },
      { name: "file", file: "~/cert.pem", allowUntrusted: true },
    ],
  });
  stage.clock.nowMs = Date.now();
  const turn = async (ms: number) => {
    stage.pass(ms);
    await turns.turn();
  };
  await until(async () => {
    await turn(5000);
    return stage.messages.length > 0;
  }, told);
  expect(stage.messages[0]?.events[0]?.sentence).toStartWith(`the certificate on port ${port} of web expires in 3d, on `);
  expect(toldIn(stage)).toEqual(["web certificate.web firing"]);
  writeFileSync(file, (await served("bad", -1)).cert);
  await until(async () => {
    await turn(5000);
    return stage.messages.length > 0;
  }, told);
  expect(stage.messages[0]?.events[0]?.sentence).toStartWith("the certificate in ~/cert.pem expired 1d");
  expect(toldIn(stage)).toEqual(["bs9-host certificate.file.invalid firing"]);
  await turn(3.1 * 86_400_000);
  await turn(5000);
  expect(stage.messages[0]?.events[0]?.sentence).toStartWith(`the certificate on port ${port} of web expired `);
  expect(toldIn(stage)).toEqual(["web certificate.web.invalid firing"]);
  await first.stop(true);
  listen(await served("new", 90), port);
  writeFileSync(file, (await served("good", 90)).cert);
  await until(async () => {
    await turn(3_600_000);
    return stage.messages.flatMap(({ events }) => events).length >= 3;
  }, told);
  expect(toldIn(stage).sort()).toEqual([
    "bs9-host certificate.file.invalid resolved",
    "web certificate.web resolved",
    "web certificate.web.invalid resolved",
  ]);
});

test("a service whose memory leaks is told before it reaches its limit, with the time that is left", async () => {
  const { stage, turns } = await staged({ rules: { memoryFull: { value: "30m" }, hostDiskFull: { value: "1h" } } });
  stage.limitBytes = 512e6;
  const beganMs = stage.clock.nowMs;
  const memoryAt = (atMs: number) => 100e6 + ((atMs - beganMs) / 3_600_000) * 300e6 + 20e6 * ((atMs % 60_000) / 60_000);
  for (let ms = 0; ms < 3_500_000; ms += 5000) {
    const memoryBytes = memoryAt(stage.clock.nowMs);
    await stage.storage.append({ atMs: stage.clock.nowMs, samples: [sample("web", 1, { memoryBytes, restarted: 0 })] });
    stage.pass(5000);
  }
  await until(async () => {
    await turns.turn();
    stage.pass(5000);
    return stage.messages.length > 0;
  }, told);
  const [event] = stage.messages[0]?.events ?? [];
  expect(event).toMatchObject({ rule: "memoryFull", kind: "firing", unit: "ms", threshold: 1_800_000 });
  expect(event?.sentence).toMatch(
    /^the memory of web reaches its limit in about 2[0-9]m, if it goes on growing as it does; the threshold is 30m$/,
  );
  expect(toldIn(stage)).toEqual(["web memoryFull firing"]);
});
