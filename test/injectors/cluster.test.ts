// An app with the workers of node:cluster: each process has its own socket, and the primary ends after its workers.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { until } from "../harness.ts";
import { App, type Runtime, socketOf } from "./child.ts";

const workersOf = (pid: number) => readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ").map(Number);

async function metricsOf(pid: number): Promise<string> {
  const answer = await fetch("http://bs9/metrics", { unix: socketOf(pid) }).catch(() => null);
  return (await answer?.text()) ?? "";
}
const figure = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
const requestsOf = async (pid: number) => figure(await metricsOf(pid), /^http_requests_total\{.*\} (\d+)$/gm);
const inFlightOf = async (pid: number) => figure(await metricsOf(pid), /^http_requests_in_flight (\d+)$/gm);
const sum = async (pids: number[], of: (pid: number) => Promise<number>) => (await Promise.all(pids.map(of))).reduce((a, b) => a + b, 0);

test.each<[Runtime, string]>([
  ["bun", ""],
  ["bun", "1"],
  ["bun", "throws"],
  ["node", ""],
  ["node", "1"],
  ["node", "throws"],
])(
  "a cluster on %s (listener of SIGTERM: '%s') is counted as a whole, and answers what is in flight at SIGTERM",
  async (runtime, listener) => {
    await using app = await new App(runtime, "cluster.cjs", { env: { LISTENER: listener } }).listens();
    const { pid } = app.child;
    const workers = await until(
      () => {
        const found = workersOf(pid);
        return [pid, ...found].every((one) => existsSync(socketOf(one))) && found.length === 2 ? found : null;
      },
      { what: "each process has its socket" },
    );
    const total = 40;
    const answered = new Set(await Promise.all(Array.from({ length: total }, async () => Number(await (await ask(app, "/")).text()))));
    expect([...answered].every((one) => workers.includes(one))).toBe(true);
    await until(async () => (await sum(workers, requestsOf)) === total, { what: `${total} requests are counted` });
    expect(await requestsOf(pid)).toBe(0);

    const slow = Array.from({ length: 8 }, async () => Number(await (await ask(app, "/slow")).text()));
    await until(async () => (await sum(workers, inFlightOf)) === slow.length, { what: "the requests are in flight" });
    // As systemd does it.
    for (const one of [pid, ...workers]) process.kill(one, "SIGTERM");
    expect((await Promise.all(slow)).every((one) => workers.includes(one))).toBe(true);
    const code = await app.child.exited;
    expect([code, app.child.signalCode]).toEqual(listener === "" ? [143, "SIGTERM"] : [7, null]);
    const lines = (await new Response(app.child.stdout).text()).trim().split("\n").sort();
    expect(lines).toEqual(["fork 1", "fork 2", "listening true", "listening true", ...(listener === "" ? [] : ["stopping"])]);
    expect([pid, ...workers].some((one) => existsSync(socketOf(one)))).toBe(false);
  },
  60_000,
);

const ask = (app: App, path: string) => app.get(path, { headers: { connection: "close" } });
