// Single probes against real servers, healthy and broken; no probe leaves a socket behind.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { heldIfShown } from "../../src/backend/sockets.ts";
import { linkOf, listProc } from "../../src/base/proc.ts";
import { hostOf } from "../../src/health/addresses.ts";
import { healthOf, type Probe, probe, probeOf } from "../../src/health/probe.ts";
import { freePort, until } from "../harness.ts";
import { specNamed } from "../spec.ts";

const timeoutMs = 300;
const closing: (() => void)[] = [];
let before = 0;

const sockets = () => listProc("self/fd").filter((fd) => linkOf(`self/fd/${fd}`)?.startsWith("socket:")).length;

beforeEach(() => {
  before = sockets();
});
afterEach(async () => {
  for (const close of closing.splice(0)) close();
  await until(() => sockets() <= before, { what: "every socket is closed" });
});

/** A server that sends `first` to a new client, and then `next` after each message. */
function talks(first: string, next = "", hostname = "127.0.0.1"): number {
  const listener = Bun.listen<Timer>({
    hostname,
    port: 0,
    socket: {
      data(socket) {
        socket.write(first);
        if (next !== "") socket.data = setInterval(() => socket.write(next), 1);
      },
      close: (socket) => clearInterval(socket.data),
    },
  });
  closing.push(() => listener.stop(true));
  return listener.port;
}
type Timer = ReturnType<typeof setInterval>;

const noCommand = () => Promise.reject(new Error("no command was expected"));
const ask = (what: Probe) => probe(what, timeoutMs, noCommand);
const http = (port: number) => ask({ kind: "path", port, path: "/up" });

test.each<[string, string, string, string | null]>([
  ["200", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "", null],
  ["a redirect, which is not followed", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "", null],
  ["500", "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "", "answers with status 500"],
  ["404", "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "", "answers with status 404"],
  ["a body that never ends", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n", null],
  ["a body that never comes", "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "", null],
  ["a header that never ends", "HTTP/1.1 200 OK\r\n", `X-A: ${"y".repeat(10_000)}\r\n`, "does not answer"],
  ["one header that never ends", "HTTP/1.1 200 OK\r\nX-A: ", "y".repeat(100_000), "does not answer"],
  ["headers that arrive slowly without end", "HTTP/1.1 200 OK\r\n", "X: y\r\n", "does not answer"],
  ["an endless series of 100 Continue", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "does not answer"],
  ["not HTTP", "SSH-2.0-x\r\n", "", "does not answer"],
  ["a server that hangs", "", "", `does not answer (timeout after ${timeoutMs} ms)`],
])("HTTP probe: %s", async (_, first, next, expected) => {
  const began = performance.now();
  const reason = await http(talks(first, next));
  expect(performance.now() - began).toBeLessThan(timeoutMs + 1000);
  if (expected === null) expect(reason).toBeNull();
  else expect(reason).toContain(expected);
});

test("HTTP: a server that hangs up and a port without a listener are unhealthy", async () => {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: (socket) => void socket.end() } });
  closing.push(() => listener.stop(true));
  expect(await http(listener.port)).toContain("the connection was closed");
  const port = freePort();
  expect(await http(port)).toBe(`port ${port} accepts no connection`);
  expect(await ask({ kind: "http", url: `http://127.0.0.1:${port}/` })).toContain("no connection");
});

test("TCP: any listener is healthy, even if it never answers", async () => {
  expect(await ask({ kind: "tcp", port: talks("") })).toBeNull();
  const port = freePort();
  expect(await ask({ kind: "tcp", port })).toBe(`port ${port} accepts no connection`);
});

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const withIpv6 = readFileSync("/proc/net/if_inet6", "utf8").includes(" lo");

test.skipIf(!withIpv6)("a service that listens on ::1 only is healthy", async () => {
  const port = talks(ok, "", "::1");
  // The table of listening sockets may be older than this listener, so the test waits until the table is read again.
  await until(async () => (await ask({ kind: "tcp", port })) === null, { what: "the listener is found" });
  expect(await http(port)).toBeNull();
});

test("a service that listens on one address of its own is healthy", async () => {
  const port = talks(ok, "", "127.0.0.77");
  // The table of listening sockets may be older than this listener, so the test waits until the table is read again.
  await until(async () => (await ask({ kind: "tcp", port })) === null, { what: "the listener is found" });
  expect(await http(port)).toBeNull();
});

test("TCP: the answer of the preload counts after the connection, within the same time", async () => {
  const port = talks(ok, "");
  const asked: number[] = [];
  const withPreload = (reason: string | null, on = port) =>
    probe({ kind: "tcp", port: on }, timeoutMs, noCommand, {
      askAlive: async (leftMs) => {
        asked.push(leftMs);
        return reason;
      },
    });
  expect(await withPreload(null)).toBeNull();
  expect(await withPreload("it does not answer")).toBe("it does not answer");
  expect(asked.length).toBe(2);
  expect(Math.max(...asked)).toBeLessThanOrEqual(timeoutMs);
  expect(await withPreload("unused", 1)).toBe("port 1 accepts no connection");
  expect(asked.length).toBe(2);
});

test.each(["127.0.0.78", ...(withIpv6 ? ["::1"] : [])])(
  "on %s only a socket of the service itself counts as the service",
  async (hostname) => {
    const port = talks(ok, "", hostname);
    const stranger = Bun.spawn(["sleep", "1000"], { stdio: ["ignore", "ignore", "ignore"] });
    closing.push(() => stranger.kill("SIGKILL"));
    const asked = (pids: number[]) =>
      Promise.all(
        (["tcp", "path"] as const).map((kind) =>
          probe({ kind, port, path: "/up" }, timeoutMs, noCommand, { heldAmong: (all) => heldIfShown(pids, all) }),
        ),
      );
    await until(async () => (await asked([process.pid])).every((reason) => reason === null), { what: "its own answer is taken" });
    const none = `port ${port} accepts no connection`;
    expect(await asked([stranger.pid])).toEqual([none, none]);
    expect(await asked([stranger.pid, process.pid])).toEqual([null, null]);
    // If it is unknown which process holds a socket, any listener on the port counts as the service.
    expect(await asked([])).toEqual([null, null]);
  },
);

test("TCP: a server that no longer accepts connections fails, and the probe holds no descriptor", async () => {
  const script = "console.log(Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } }).port)";
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  closing.push(() => child.kill("SIGKILL"));
  const { value } = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  child.kill("SIGSTOP");
  // The kernel accepts connections for the server until its queue is full.
  let reason: string | null = null;
  for (let i = 0; i < 10_000 && reason === null; i++) reason = await ask({ kind: "tcp", port });
  const held = sockets();
  for (let i = 0; i < 3; i++) expect(await ask({ kind: "tcp", port })).toContain(`timeout after ${timeoutMs} ms`);
  expect(sockets()).toBe(held);
});

test("a command is healthy if it exits with 0 in time", async () => {
  const ended = (exitCode: number, timedOut = false) =>
    probe({ kind: "command", command: "x" }, timeoutMs, () => Promise.resolve({ exitCode, timedOut }));
  expect(await ended(0)).toBeNull();
  expect(await ended(3)).toBe("the command exited with 3");
  expect(await ended(143, true)).toBe(`the command did not end within ${timeoutMs} ms`);
  expect(await ask({ kind: "command", command: "x" })).toBe("no command was expected");
});

test("probes of the service itself ignore the proxy variables of the shell, which other requests still use", async () => {
  const names = ["http_proxy", "https_proxy", "all_proxy"].flatMap((name) => [name, name.toUpperCase()]);
  const before = [...names, "no_proxy", "NO_PROXY"].map((name) => [name, process.env[name]] as const);
  const proxy = `http://127.0.0.1:${freePort()}`;
  try {
    for (const [name] of before) process.env[name] = names.includes(name) ? proxy : "";
    const port = talks(ok);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    expect(await http(port)).toBeNull();
    expect(await ask({ kind: "http", url: `http://127.0.0.1:${port}/` })).toBeNull();
    expect(names.map((name) => process.env[name])).toEqual(names.map(() => proxy));
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});

test.each([
  ["0100007F", "127.0.0.1"],
  ["00000000", "127.0.0.1"],
  ["4D00007F", "127.0.0.77"],
  ["0".repeat(32), "[::1]"],
  ["00000000000000000000000001000000", "[::1]"],
  ["B80D01200000000000000000010000A0", "[2001:db8:0:0:0:0:a000:1]"],
])("the kernel address %s is reached as %s", (address, host) => expect(hostOf(address)).toBe(host));

test("a health check is turned into the probe that it describes", () => {
  expect(healthOf({ kind: "path", path: "/up" }, 3000)).toEqual({ kind: "path", port: 3000, path: "/up" });
  expect(healthOf({ kind: "tcp", port: 5 }, 3000)).toEqual({ kind: "tcp", port: 5 });
});

test.each<[string, Parameters<typeof specNamed>[1], number[] | null, Probe | null]>([
  ["its health check takes precedence", { health: { kind: "tcp", port: 1 }, port: 2 }, [3], { kind: "tcp", port: 1 }],
  ["its port is next", { port: 2 }, [3], { kind: "tcp", port: 2 }],
  ["its only listening port is next", {}, [3], { kind: "tcp", port: 3 }],
  ["the same port for IPv4 and IPv6 counts once", {}, [3, 3], { kind: "tcp", port: 3 }],
  ["several listening ports give no probe", {}, [3, 4], null],
  ["with the preload any of its ports will do", { inject: { by: "preload", version: "1" } }, [3, 4], { kind: "tcp", port: 3 }],
  ["with --no-inject several ports give no probe", { inject: { by: "none", why: "option" } }, [3, 4], null],
  ["none", {}, [], null],
  ["unknown listening ports give no probe", {}, null, null],
])("the right probe is chosen for a service: %s", (_, spec, listens, expected) =>
  expect(probeOf(specNamed("web", spec), listens)).toEqual(expected),
);

test("a stopped process whose TCP port takes no more connections does not count as one that refuses them", async () => {
  const listen = "require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port); })";
  const child = Bun.spawn([process.execPath, "-e", listen], { stdio: ["ignore", "pipe", "inherit"] });
  const port = Number(new TextDecoder().decode((await child.stdout.getReader().read()).value));
  child.kill("SIGSTOP");
  const held: Socket[] = [];
  const isAccepted = () =>
    new Promise<boolean>((done) => {
      const socket = connect(port, "127.0.0.1");
      held.push(socket);
      setTimeout(() => done(false), timeoutMs).unref();
      socket.once("connect", () => done(true)).once("error", () => done(false));
    });
  while (await isAccepted()) expect(held.length).toBeLessThan(5000);
  expect(await ask({ kind: "tcp", port })).toBe(`port ${port} accepts no connection (timeout after ${timeoutMs} ms)`);
  child.kill("SIGKILL");
  await child.exited;
  for (const socket of held) socket.destroy();
});
