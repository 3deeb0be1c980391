// What the built bs9 puts into unmodified apps, on a real systemd and on the supervisor: the figures are exact, and nothing but
// the figures depends on the preload. Each test does the same on both at once, because most of its time is waiting for ticks.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Lab, succeed, until } from "../harness.ts";
import { injectLab, makeOlder, type Place, placeOn, places } from "./inject-scene.ts";

let it: Lab;
function onBoth(title: string, work: (place: Place) => Promise<void>): void {
  test(title, async () => {
    const ended = await Promise.allSettled(places.map((kind) => work(placeOn(kind, it))));
    for (const [i, one] of ended.entries()) {
      if (one.status === "rejected") throw new Error(`on ${places[i]?.backend}`, { cause: one.reason });
    }
  }, 240_000);
}

beforeAll(async () => {
  it = await injectLab();
}, 300_000);
afterAll(() => it.down());

onBoth("an unmodified app has exactly the requests that it was sent, in status, describe and export", async (place) => {
  const { bs9, start, load, sumOf, described, statusOf, port } = place;
  succeed(await start("web", port), "start");
  await load(port, "page[1-200]");
  await load(port, "boom[1-10]");
  await until(async () => (await sumOf("web", "requests")) >= 210, { what: "all requests are stored" });
  expect([await sumOf("web", "requests"), await sumOf("web", "requestErrors")]).toEqual([210, 10]);
  const { served, preload, status } = await described("web");
  expect(served).toEqual({ count: 210, failed: 10 });
  expect(preload).toEqual({ pids: [status.pid ?? 0], why: null });
  expect((await bs9("describe", "web")).stdout).toContain("210 since its processes started, 10 of them errors");
  let sent = 210;
  // The last tick shows only its own second, so there are new requests before each look.
  const { requests } = await until(
    async () => {
      await load(port, "page[1-50]");
      sent += 50;
      const now = await statusOf("web");
      return now.requests?.errorPercent === null ? null : now;
    },
    { what: "status shows the last tick" },
  );
  expect(requests?.perSecond).toBeGreaterThan(0);
  expect(requests?.p95Ms).toBeGreaterThanOrEqual(requests?.p50Ms ?? 0);
  expect((await bs9("status")).stdout).toContain("REQ/S");
  await until(async () => (await sumOf("web", "requests")) === sent, { what: "the export has them, too" });
  // A new run counts from 0, and the export keeps the sum.
  succeed(await bs9("restart", "web"), "restart");
  await load(port, "page[1-30]");
  await until(async () => (await described("web")).served?.count === 30, { what: "the new process is counted" });
  await until(async () => (await sumOf("web", "requests")) === sent + 30, { what: "the export has all" });
});

onBoth("the preload is in force in every profile of the sandbox, and the sandbox stays as it is", async (place) => {
  const { backend, start, statusOf, inForce, port } = place;
  const before = await statusOf("web");
  for (const [i, profile] of (["strict", "off"] as const).entries()) {
    succeed(await start(profile, port + 1 + i, "--sandbox", profile), profile);
    const { sandbox, environment } = await inForce(profile);
    expect([profile, sandbox.verdict]).toEqual([profile, profile === "off" ? "off" : before.sandbox]);
    expect(environment).toContain("BS9_INJECT_DIR");
  }
  expect(before.sandbox).toBe(backend === "systemd" ? "effective" : "partial");
  const { text } = await it.fetch({ port, path: "/env" });
  const seen = Object.keys(JSON.parse(text)).filter((name) => name.startsWith("BS9_") || name === "RUNTIME_DIRECTORY");
  expect(seen.sort()).toEqual(["BS9_INJECT_DIR", "BS9_INJECT_STOP_MS"]);
  const written = JSON.parse((await it.fetch({ port: port + 1, path: "/fill" })).text);
  expect(written).toEqual(backend === "systemd" ? ["ENOSPC", "ENOSPC"] : ["EACCES", "EACCES"]);
});

onBoth("npm start gets it through NODE_OPTIONS, in the server and not in npm", async (place) => {
  const { bs9, load, described, port, home } = place;
  succeed(await bs9("start", "npm", "--cwd", `${home}/npm`, "--port", String(port + 3), "--", "start"), "npm");
  await load(port + 3, "page[1-20]");
  await until(async () => (await described("npm")).served?.count === 20, { what: "the requests are counted" });
  const { text } = await it.fetch({ port: port + 3, path: "/" });
  expect((await described("npm")).preload.pids).toEqual([Number(text)]);
});

onBoth("--no-inject leaves everything out", async (place) => {
  const { start, load, described, exported, port } = place;
  succeed(await start("without", port + 4, "--no-inject"), "start");
  await load(port + 4, "page[1-5]");
  const { text } = await it.fetch({ port: port + 4, path: "/env" });
  expect(text).not.toContain("INJECT");
  expect(await described("without")).toMatchObject({
    preload: { pids: [], why: "--no-inject was given" },
    served: null,
    status: { requests: null },
  });
  await until(async () => (await exported("without")).length >= 3, { what: "there are samples" });
  expect((await exported("without")).every(({ requests }) => requests === "")).toBe(true);
  expect((await start("without", port + 4)).stdout).toContain("unchanged");
});

onBoth("an app that breaks its socket loses its figures and nothing else", async (place) => {
  const { bs9, start, statusOf, described, exported, port } = place;
  succeed(await start("breaks", port + 5), "start");
  await until(async () => (await statusOf("breaks")).health === "healthy", { what: "it is healthy" });
  const overrun = async (): Promise<number> => JSON.parse((await bs9("describe", "bs9-agent", "--json")).stdout).self.overrunTicks;
  // Other work of the machine may delay a tick, but a question that delayed ticks would delay each of them.
  await until(
    async () => {
      const [before, ticks] = [await overrun(), (await exported("web")).length];
      await until(async () => (await exported("web")).length >= ticks + 4, { what: "the ticks go on" });
      return (await overrun()) === before;
    },
    { what: "four ticks in a row end in time", timeoutMs: 20_000 },
  );
  const { status, preload, served } = await described("breaks");
  expect(status).toMatchObject({ state: "active", ready: true, health: "healthy", requests: null });
  expect([preload.why, served]).toEqual(["none of its processes answers on its socket", null]);
  succeed(await bs9("delete", "breaks", "--yes"), "delete");
});

onBoth("a process whose event loop stands still is unhealthy, although the kernel accepts connections for it", async (place) => {
  const { bs9, sh, statusOf } = place;
  const { pid } = await statusOf("web");
  await until(async () => (await statusOf("web")).health === "healthy", { what: "it is healthy" });
  await sh(`kill -STOP ${pid}`);
  await until(async () => (await statusOf("web")).health === "unhealthy", { what: "it is unhealthy", timeoutMs: 20_000 });
  expect((await bs9("status")).stderr).toContain("does not answer /healthz");
  await sh(`kill -CONT ${pid}`);
  await until(async () => (await statusOf("web")).health === "healthy", { what: "it is healthy again" });
  expect((await bs9("describe", "web")).stdout).toContain("and its preload answers /healthz");
});

onBoth("a service that an older bs9 defined changes at its next restart, which says so", async (place) => {
  const { backend, bs9, start, described, inForce, port } = place;
  succeed(await start("older", port + 6, "--no-inject"), "start");
  await makeOlder(place, "older", it);
  const { preload, sandbox } = await described("older");
  expect([preload.why, sandbox.verdict]).toEqual([
    "an older bs9 defined it; bs9 restart older adds it",
    backend === "systemd" ? "effective" : "partial",
  ]);
  expect((await start("older", port + 6)).stdout).toContain("unchanged");
  const restarted = succeed(await bs9("restart", "older"), "restart");
  expect(restarted.stderr).toContain("older: bs9 now adds health endpoints, metrics and a graceful stop to it");
  await inForce("older");
  expect(succeed(await bs9("restart", "older"), "restart").stderr).not.toContain("bs9 now adds");
  const left = succeed(await start("older", port + 6, "--no-inject"), "start without it");
  expect(left.stderr).toContain("older: bs9 no longer adds health endpoints, metrics and a graceful stop to it: --no-inject was given");
});

onBoth("a service that does not come up with the preload runs again without it, and the restart fails", async (place) => {
  const { bs9, start, described, port } = place;
  succeed(await start("picky", port + 7, "--no-inject"), "start");
  await makeOlder(place, "picky", it);
  const { status: before } = await described("picky");
  for (const attempt of [1, 2]) {
    const { code, stderr } = await bs9("restart", "picky");
    expect([attempt, code]).toEqual([attempt, 1]);
    expect(stderr).toContain("I run alone");
    expect(stderr).toContain("picky keeps its definition without health endpoints, metrics and a graceful stop");
    expect(stderr).not.toContain("bs9 now adds");
    await until(async () => (await it.fetch({ port: port + 7, path: "/" })).status === 200, { what: "it serves again" });
  }
  const { status, preload } = await described("picky");
  expect([status.state, preload.why]).toEqual(["active", "an older bs9 defined it; bs9 restart picky adds it"]);
  expect(status.pid).not.toBe(before.pid);
  // Nothing runs that could go back, so the service gets the preload, and the user is told how to leave it out.
  succeed(await bs9("stop", "picky"), "stop");
  const { code, stderr } = await bs9("restart", "picky");
  expect([code, stderr.includes("picky: bs9 now adds health endpoints")]).toEqual([1, true]);
  succeed(await start("picky", port + 7, "--no-inject"), "start");
  expect((await described("picky")).preload.why).toBe("--no-inject was given");
});

onBoth("a restart under 64 clients answers all requests that have reached the app", async (place) => {
  const { bs9, sh, start, statusOf, port, home } = place;
  succeed(await start("slow", port + 8), "start");
  const { pid } = await statusOf("slow");
  const answered: string[] = [];
  const failed: number[] = [];
  let isOver = false;
  const client = async (at: number): Promise<void> => {
    while (!isOver) {
      const sentMs = performance.now();
      try {
        answered.push((await it.fetch({ port: at })).text);
      } catch {
        failed.push(sentMs);
        await Bun.sleep(20);
      }
    }
  };
  const clients = Array.from({ length: 64 }, (_, i) => client(port + 8 + (i % 2)));
  await until(() => answered.length >= 128, { what: "all clients send" });
  const restartMs = performance.now();
  succeed(await bs9("restart", "slow"), "restart");
  await until(() => answered.filter((id) => !id.startsWith(`${pid}:`)).length >= 64, { what: "the new process answers" });
  isOver = true;
  await Promise.all(clients);
  // Requests of the time without a listener are refused; all others are answered.
  expect(failed.filter((sentMs) => sentMs < restartMs)).toEqual([]);
  const began = (await sh(`cat ${home}/slow/began`)).stdout.trim().split("\n");
  expect(began.filter((id) => id.startsWith(`${pid}:`)).length).toBeGreaterThan(128);
  expect([...answered].sort()).toEqual(began.sort());
});

onBoth("a deleted service leaves neither its sockets nor its preload", async ({ backend, bs9, sh }) => {
  succeed(await bs9("delete", "all", "--yes"), "delete");
  const [sockets, share] =
    backend === "systemd" ? ["/run/user/1001/bs9", ".local/share/bs9/inject"] : ["sup/state/inject", "sup/data/inject"];
  expect((await sh(`find ${sockets} ${share} -type s -o -type f -o -name web`)).stdout).toBe("");
});
