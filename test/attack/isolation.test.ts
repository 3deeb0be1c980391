// Attempts of an app on processes that do not belong to it: signals, abstract sockets, limits.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Description } from "../../src/lifecycle/describe.ts";
import type { Status } from "../../src/status/schema.ts";
import { until } from "../harness.ts";
import { backends, type Service, type Stage, type Stages, stages } from "./stage.ts";

let all: Stages;
beforeAll(async () => {
  all = await stages("attack-isolation");
}, 240_000);
afterAll(() => all.lab.down());

const statusOf = async (stage: Stage, name: string): Promise<Status> => {
  const [status] = JSON.parse((await stage.bs9("status", name, "--json")).stdout) as Status[];
  if (status === undefined) throw new Error(`no status of ${name}`);
  return status;
};
const describes = async (stage: Stage, name: string): Promise<Description> =>
  JSON.parse((await stage.bs9("describe", name, "--json")).stdout);

/** The processes outside a service that every app of the user would attack, with a description of each. */
const victims = async (stage: Stage): Promise<[what: string, pid: number][]> => {
  const { pid } = await statusOf(stage, "b");
  const sibling: [string, number] = ["a sibling", pid ?? 0];
  if (stage.kind === "supervisor")
    return [sibling, ["the supervisor", Number((await stage.sh("pgrep -u dev -o -f 'bs9.* run|/proc/self/exe run'")).trim())]];
  const agent = await until(async () => Number(await stage.sh("systemctl --user show --value -p MainPID bs9-agent")), {
    what: "the agent",
  });
  const userManager = Number(await stage.sh("systemctl show --value -p MainPID user@1001"));
  return [sibling, ["the agent", agent], ["the user manager", userManager]];
};

const limitsOf = (stage: Stage, pid: number) => stage.sh(`cat /proc/${pid}/limits | grep 'open files'`);

describe.each(backends)("%s", (kind) => {
  describe.each(["standard", "strict"])("%s", (profile) => {
    let stage: Stage;
    let a: Service;
    let b: Service;
    beforeAll(async () => {
      stage = all.on(kind);
      await stage.write("a/package.json", "{}");
      await stage.write("b/package.json", "{}");
      // With the supervisor on a machine with systemd isolation is partial, so --require-isolation cannot be used there.
      a = await stage.service("a", "a", "--sandbox", profile, ...(kind === "systemd" ? ["--require-isolation"] : []));
      b = await stage.service("b", "b", "--sandbox", profile);
    }, 240_000);
    afterAll(() => stage.bs9("delete", "a", "b", "--yes"));

    test("an app cannot send a signal to another service, the agent, the user manager or the supervisor", async () => {
      for (const [what, pid] of await victims(stage)) {
        expect([what, pid > 1]).toEqual([what, true]);
        for (const signal of ["SIGSTOP", "SIGKILL"])
          expect([what, signal, await a.attempt(`process.kill(${pid}, "${signal}"); return "sent"`)]).toEqual([what, signal, "EPERM"]);
      }
      expect(await b.attempt(`return "up"`)).toBe("up");
    });

    test("an app cannot read or change the limits of other processes, itself or through a child", async () => {
      for (const [what, pid] of await victims(stage)) {
        const before = await limitsOf(stage, pid).catch(() => "closed");
        const child = `const { status, stderr } = require("child_process").spawnSync("prlimit", ["--pid", "${pid}", "--nofile=16:16"]);
          return [status, String(stderr)].join(" ")`;
        expect([what, await a.attempt(child)]).toEqual([what, expect.stringContaining("Operation not permitted")]);
        const itself = `const { symbols } = require("bun:ffi").dlopen("libc.so.6", { prlimit: { args: ["i32", "i32", "ptr", "ptr"], returns: "i32" } });
          return symbols.prlimit(${pid}, 7, new BigUint64Array([16n, 16n]), null)`;
        expect([what, await a.attempt<number>(itself)]).toEqual([what, -1]);
        expect(await limitsOf(stage, pid).catch(() => "closed")).toBe(before);
      }
    });

    test("an app cannot connect to an abstract socket of a process outside of its service", async () => {
      const listen = `globalThis.open = Bun.listen({ unix: "\\0secret-${kind}", socket: { open(socket) { socket.end("secret") }, data() {} } }); return "listens"`;
      expect(await b.attempt(listen)).toBe("listens");
      const connect = `return new Promise((done) => Bun.connect({ unix: "\\0secret-${kind}", socket: { data(_, bytes) { done(String(bytes)) } } }).catch((error) => done("refused: " + (error.code ?? error))))`;
      expect(await a.attempt(connect)).toStartWith("refused");
      expect(await b.attempt(connect)).toBe("secret");
    });

    test("an app can signal its own children and set its own limits", async () => {
      const child = `const child = require("child_process").spawn("sleep", ["60"]);
        return new Promise((done) => { child.on("exit", (_, signal) => done(signal)); process.kill(child.pid, "SIGTERM"); })`;
      expect(await a.attempt(child)).toBe("SIGTERM");
      const own = `const { status, stdout } = require("child_process").spawnSync("sh", ["-c", "ulimit -n 100 2>/dev/null; ulimit -Sn 100 && ulimit -Sn"]);
        return status + " " + String(stdout).trim()`;
      expect(await a.attempt(own)).toBe("0 100");
    });

    test("status and describe show whether the app is isolated from other processes, and how bs9 knows it", async () => {
      const isSystemd = kind === "systemd";
      const verdict = isSystemd ? "full" : "partial";
      expect((await statusOf(stage, "a")).isolation).toBe(verdict);
      const { isolation } = await describes(stage, "a");
      expect(isolation).toMatchObject({
        verdict,
        verified: ["signals", "abstract sockets", "prlimit"],
        probed: ["signals", "abstract sockets", "prlimit"],
      });
      expect(isolation?.missing.map(({ directive }) => directive)).toEqual(isSystemd ? [] : ["user manager", "system bus"]);
      expect((await stage.bs9("describe", "a")).stdout).toContain(`Isolation ${verdict}`);
    });

    test("an app reaches the socket of the user manager only where its isolation is partial", async () => {
      const uid = kind === "systemd" ? 1001 : 1002;
      const connect = `return new Promise((done) => Bun.connect({ unix: "/run/user/${uid}/systemd/private", socket: { open() { done("connected") }, data() {} } }).catch(() => done("refused")))`;
      expect(await a.attempt(connect)).toBe(kind === "systemd" ? "refused" : "connected");
    });
  });

  test("with --sandbox off isolation is partial, and describe says that the sandbox is off", async () => {
    const stage = all.on(kind);
    await stage.write("open/package.json", "{}");
    await stage.service("open", "open", "--sandbox", "off");
    expect((await statusOf(stage, "open")).isolation).toBe("partial");
    expect((await describes(stage, "open")).isolation?.missing.map(({ why }) => why)).toContain("the sandbox is off");
    const refused = await stage.bs9("start", "open", "--require-isolation");
    expect(refused).toMatchObject({ code: 6 });
    expect(refused.stderr).toContain("signals: the sandbox is off");
    await stage.bs9("delete", "open", "--yes");
  });
});
