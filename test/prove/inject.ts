// What the preload costs an app: the same app bare, with the preload and with the instrumentations of OpenTelemetry, in turn.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { run, succeed, tempDir, until } from "../harness.ts";
import { App, argvOf, countedBy, envOf, type Runtime } from "../injectors/child.ts";
import { flood } from "../injectors/flood.ts";
import type { Proof, Report, Target } from "./proof.ts";

/** This version still runs on Node 18 and 20; newer ones need Node 22.15. */
const otel = "@opentelemetry/auto-instrumentations-node@0.62.0";
const rounds = 7;
const starts = 31;
const loadSeconds = 5;
const requests = 10_000_000;
const seenRequests = 1000;

const served: { app: string; runtime: Runtime; what: string; atLeast: number }[] = [
  { app: "hostile.ts", runtime: "bun", what: "requests a second of Bun.serve, with the preload and bare", atLeast: 0.92 },
  { app: "hostile.mjs", runtime: "bun", what: "requests a second of node:http on Bun, with the preload and bare", atLeast: 0.85 },
  { app: "hostile.mjs", runtime: "node", what: "requests a second of node:http on Node, with the preload and bare", atLeast: 0.85 },
];
const started: { app: string; runtime: Runtime; what: string; atMost: number }[] = (["bun", "node"] as const).flatMap((runtime) => [
  { app: "nothing.cjs", runtime, what: `longer start of a program without HTTP by the preload, on ${runtime}`, atMost: 3 },
  { app: "once.cjs", runtime, what: `longer start of a server by the preload, on ${runtime}`, atMost: 25 },
]);
const memory = "memory that 10,000,000 requests add, with the preload";
const findings = "findings of promtool check metrics";
const besideOtel = "requests a second of node:http on Node, with the preload and with OpenTelemetry";
const startBesideOtel = "start of a server on Node, with the preload and with OpenTelemetry";
const seen = `requests of Bun.serve that are seen, of ${seenRequests}`;

export const proof: Proof = {
  word: "inject",
  what: "requests a second, start and memory of apps with the preload, bare, and with OpenTelemetry's instrumentations",
  figures: [...served, ...started].map(({ what }) => what).concat(memory, findings, besideOtel, startBesideOtel, seen),
  impossible: () =>
    Bun.which("wrk") === null ? "wrk is not installed; apt-get install wrk" : Bun.which("node") === null ? "Node is not installed" : null,
  async run(report) {
    const folder = tempDir();
    try {
      await loads(report);
      await startTimes(report);
      report.say(`sending ${requests} requests`);
      report.figure({ what: memory, unit: "MB", value: await growthMb(requests), target: { of: "value", atMost: 5 } });
      report.figure({ what: findings, unit: "lines", value: await promtoolFindings(folder), target: { of: "value", atMost: 0 } });
      report.say(`installing ${otel}`);
      await Bun.write(join(folder, "otel/package.json"), "{}");
      const add = `cd "$1/otel" && "$2" add --silent --ignore-scripts ${otel}`;
      succeed(await run(["sh", "-c", add, "sh", folder, process.execPath], { timeoutMs: 300_000 }), `install ${otel}`);
      await withOtel(report, join(folder, "otel/node_modules/@opentelemetry/auto-instrumentations-node/build/src/register.js"));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function loads(report: Report): Promise<void> {
  report.command(`wrk -t1 -c32 -d${loadSeconds}s http://127.0.0.1:PORT/   # in turn: bun app, bun --preload preload.cjs app`);
  for (const { app, runtime, what, atLeast } of served) {
    const [injected, bare] = await inTurn(rounds, [
      () => perSecond(new App(runtime, app)),
      () => perSecond(new App(runtime, app, { isBare: true })),
    ]);
    report.figure({ what, unit: "req/s", value: injected, peer: { name: "bare", value: bare }, target: { of: "ratio", atLeast } });
  }
}

async function startTimes(report: Report): Promise<void> {
  for (const { app, runtime, what, atMost } of started) {
    const [injected, bare] = await inTurn(starts, [
      () => startMs(argvOf(runtime, app), envOf()),
      () => startMs(argvOf(runtime, app, true), envOf()),
    ]);
    report.figure({ what, unit: "ms", value: injected - bare, target: { of: "value", atMost } });
  }
}

/** The metrics of the instrumentations are on, as the preload's are; spans are not recorded, since the preload has none. */
const otelEnv = { OTEL_TRACES_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none", OTEL_METRICS_EXPORTER: "prometheus" };

async function withOtel(report: Report, register: string): Promise<void> {
  const ratio = (target: Target) => target;
  const peerOf = (value: number) => ({ name: "OpenTelemetry", value });
  const [injected, theirs] = await inTurn(rounds, [
    () => perSecond(new App("node", "hostile.mjs")),
    () => perSecond(new App("node", "hostile.mjs", { isBare: true, env: { ...otelEnv, NODE_OPTIONS: `--require=${register}` } })),
  ]);
  report.figure({ what: besideOtel, unit: "req/s", value: injected, peer: peerOf(theirs), target: ratio({ of: "ratio", atLeast: 1 }) });

  const argv = argvOf("node", "once.cjs", true);
  const [ownMs, theirMs] = await inTurn(starts, [
    () => startMs(argvOf("node", "once.cjs"), envOf()),
    () => startMs(argv, envOf({ ...otelEnv, NODE_OPTIONS: `--require=${register}` })),
  ]);
  report.figure({ what: startBesideOtel, unit: "ms", value: ownMs, peer: peerOf(theirMs), target: ratio({ of: "ratio", atMost: 1 }) });

  const target: Target = { of: "value", atLeast: seenRequests };
  report.figure({ what: seen, unit: "requests", value: await seenByPreload(), peer: peerOf(await seenByOtel(register)), target });
}

async function ask(app: App): Promise<void> {
  for (let i = 0; i < seenRequests; i++) await (await app.get(`/?${i}`)).text();
}

async function seenByPreload(): Promise<number> {
  await using app = await new App("bun", "hostile.ts").listens();
  await ask(app);
  return (await countedBy(app)).reduce((sum, { value }) => sum + value, 0);
}

/** The spans of servers that OpenTelemetry prints. */
async function seenByOtel(register: string): Promise<number> {
  const env = { BUN_OPTIONS: `--preload ${register}`, ...otelEnv, OTEL_METRICS_EXPORTER: "none", OTEL_TRACES_EXPORTER: "console" };
  await using app = await new App("bun", "hostile.ts", { isBare: true, env }).listens();
  const printed = new Response(app.child.stdout).text();
  await ask(app);
  app.child.kill("SIGTERM"); // which makes it print what it holds
  await Promise.race([app.child.exited, Bun.sleep(10_000)]);
  app.child.kill("SIGKILL");
  return (await printed).split("kind: 1,").length - 1;
}

/** The medians of measurements that alternate, so that a busy moment of the machine meets all of them. */
async function inTurn<Few extends (() => Promise<number>)[]>(times: number, measures: [...Few]): Promise<{ [I in keyof Few]: number }> {
  const values: number[][] = measures.map(() => []);
  for (let round = 0; round < times; round++) {
    // Each second round goes the other way.
    const order = round % 2 === 0 ? [...measures.keys()] : [...measures.keys()].reverse();
    for (const i of order) values[i]?.push((await measures[i]?.()) ?? Number.NaN);
  }
  return values.map((all) => all.sort((a, b) => a - b)[all.length >> 1]) as { [I in keyof Few]: number };
}

async function perSecond(running: App): Promise<number> {
  await using app = await running.listens();
  const wrk = ["wrk", "-t1", "-c32"];
  const url = `http://127.0.0.1:${app.port}/`;
  succeed(await run([...wrk, "-d1s", url]), "wrk");
  const { stdout } = succeed(await run([...wrk, `-d${loadSeconds}s`, url]), "wrk");
  return Number(/Requests\/sec: +([\d.]+)/.exec(stdout)?.[1]);
}

async function startMs(argv: string[], env: Record<string, string | undefined>): Promise<number> {
  const began = performance.now();
  await Bun.spawn(argv, { stdio: ["ignore", "ignore", "ignore"], env }).exited;
  return performance.now() - began;
}

/** How much resident memory grows, after a forced collection, from the first tenth of the requests to the last. */
export async function growthMb(total: number): Promise<number> {
  await using app = await new App("bun", "memory.ts").listens();
  const request = (i: number) => `GET /things/${i}/${i % 700} HTTP/1.1\r\nHost: app\r\n\r\n`;
  const memoryMb = async () => Number(await (await app.get("/memory")).text()) / 1e6;
  await flood(app.port, total / 10, request);
  const before = await memoryMb();
  await flood(app.port, (total / 10) * 9, request);
  const after = await memoryMb();
  await until(async () => (await countedBy(app)).reduce((sum, { value }) => sum + value, 0) === total + 2, { what: "all are counted" });
  return after - before;
}

/** promtool is in the package prometheus of Debian, which need not be installed for it. */
async function promtoolFindings(folder: string): Promise<number> {
  const unpack = 'cd "$1" && apt-get download -qq prometheus && dpkg -x prometheus_*.deb prometheus';
  const installed = Bun.which("promtool");
  if (installed === null) succeed(await run(["sh", "-c", unpack, "sh", folder], { timeoutMs: 300_000 }), "download prometheus");
  const promtool = installed ?? join(folder, "prometheus/usr/bin/promtool");
  let lines = 0;
  for (const runtime of ["bun", "node"] as const) {
    await using app = await new App(runtime, "hostile.mjs").listens();
    for (const path of ["/", "/a", "/b/7"]) await (await app.get(path)).text();
    const input = await (await app.ask("/metrics", "text/plain")).text();
    const { code, stdout, stderr } = await run([promtool, "check", "metrics"], { input });
    const found = `${stdout}${stderr}`.split("\n").filter((line) => line !== "").length;
    lines += code === 0 ? found : Math.max(1, found);
  }
  return lines;
}
