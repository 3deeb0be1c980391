// Sockets of the system behind which a program acts as root for the members of a group.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rootSockets } from "../../src/backend/root-sockets.ts";
import type { Description } from "../../src/lifecycle/describe.ts";
import { succeed, until } from "../harness.ts";
import { backends, type Service, type Stage, type Stages, stages } from "./stage.ts";

const docker = "/run/docker.sock";
const ofBus = "/run/dbus/system_bus_socket";
/** Every closed socket except the system bus, which exists anyway. */
const sockets = rootSockets.flatMap((one) => one.sockets).filter((socket) => socket !== ofBus);

/**
 * Listens on sockets that only root and the group docker can connect to. They are created again at the next start of its unit.
 */
const listener = `
const { chmodSync, chownSync, mkdirSync, rmSync } = require("node:fs");
for (const path of process.argv.slice(2)) {
  const directory = require("node:path").dirname(path);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  // Where podman is installed, /run/podman exists with mode 700.
  if (directory !== "/run") chmodSync(directory, 0o755);
  rmSync(path, { force: true });
  require("node:net").createServer((socket) => {
    socket.on("error", () => {});
    socket.end("HTTP/1.0 200 OK\\r\\n\\r\\n");
  }).listen(path, () => {
    chownSync(path, 0, 4711);
    chmodSync(path, 0o660);
  });
}
`;

let all: Stages;
beforeAll(async () => {
  all = await stages("attack-sockets");
  const { lab } = all;
  const run = async (script: string) => succeed(await lab.asRoot(["sh", "-c", script]), script);
  await run("groupadd --gid 4711 docker && usermod --append --groups docker ops && usermod --append --groups docker dev");
  // The restarted user managers have the group, as after the next boot.
  await run("systemctl restart user@1001.service user@1002.service");
  succeed(await lab.asRoot(["tee", "/root/listener.cjs"], { input: listener }), "write the listener");
  await listen(
    "others",
    sockets.filter((socket) => socket !== docker),
  );
  await listen("docker", [docker]);
}, 240_000);
afterAll(() => all.lab.down());

/** The listener runs on the Bun inside bs9, which every lab has. */
async function listen(unit: string, paths: string[]): Promise<void> {
  const run = ["systemd-run", `--unit=${unit}`, "--collect", "--setenv=BUN_BE_BUN=1", "/home/ops/.local/bin/bs9", "/root/listener.cjs"];
  succeed(await all.lab.asRoot([...run, ...paths]), `listen as ${unit}`);
  await until(async () => (await closedOutside("ops", paths)) === "", { what: `${unit} answers`, timeoutMs: 30_000 });
}

/** The paths that a program of the user cannot connect to. */
async function closedOutside(user: "ops" | "dev", paths: string[]): Promise<string> {
  const script = 'for path; do curl -s --max-time 5 --unix-socket "$path" http://localhost/ || echo "$path"; done';
  return (await all.lab.asUser(user, ["sh", "-c", script, "sh", ...paths])).stdout;
}

/** Connects to a socket from within the service: "connected", or the errno. */
const connect = (service: Service, path: string): Promise<string> =>
  service.attempt(`return await new Promise((done) => {
    const socket = require("net").connect("${path}", () => { socket.destroy(); done("connected"); });
    socket.on("error", ({ code }) => done(code));
  })`);

const described = async (stage: Stage, name: string): Promise<Description["sandbox"]> =>
  (JSON.parse((await stage.bs9("describe", name, "--json")).stdout) as Description).sandbox;

test("outside of a sandbox the user can connect to each socket through which a program acts as root", async () => {
  expect([await closedOutside("ops", sockets), await closedOutside("dev", sockets)]).toEqual(["", ""]);
});

describe("systemd", () => {
  test.each(["standard", "strict"])(
    "a service with the sandbox %s cannot connect to a socket through which a program acts as root",
    async (profile) => {
      const stage = all.on("systemd");
      await stage.write(`${profile}/package.json`, "{}");
      const app = await stage.service(profile, profile, "--sandbox", profile, "--require-sandbox");
      for (const path of [...sockets, `/var${docker}`, ofBus, `/proc/self/root${docker}`])
        expect([path, await connect(app, path)]).toEqual([path, expect.stringMatching(/^(EACCES|ENOENT)$/)]);
      const { verdict, verified, probed } = await described(stage, profile);
      expect([verdict, [...verified, ...probed].includes("InaccessiblePaths")]).toEqual(["effective", true]);
      await stage.bs9("delete", profile, "--yes");
    },
    300_000,
  );

  test("--readable opens one of these sockets to the service, and leaves the others closed", async () => {
    const stage = all.on("systemd");
    await stage.write("opened/package.json", "{}");
    const app = await stage.service("opened", "opened", "--readable", `/var${docker}`);
    expect(await connect(app, docker)).toBe("connected");
    for (const path of [...sockets.filter((socket) => socket !== docker), ofBus])
      expect([path, await connect(app, path)]).toEqual([path, expect.stringMatching(/^(EACCES|ENOENT)$/)]);
    const { verdict, verified, probed, missing } = await described(stage, "opened");
    expect({ verdict, missing }).toEqual({ verdict: "effective", missing: [] });
    expect([...verified, ...probed]).not.toContain("InaccessiblePaths");
    await stage.bs9("delete", "opened", "--yes");
  }, 240_000);

  test("the sandbox is partial from the moment a closed socket is created again until the next restart", async () => {
    const stage = all.on("systemd");
    await stage.write("web/package.json", "{}");
    const app = await stage.service("web", "web");
    expect(await connect(app, docker)).toMatch(/^(EACCES|ENOENT)$/);
    succeed(await all.lab.asRoot(["systemctl", "stop", "docker.service"]), "stop the listener");
    await listen("docker", [docker]);
    const { verdict, missing } = await described(stage, "web");
    expect({ verdict, missing }).toMatchObject({
      verdict: "partial",
      missing: [{ directive: `InaccessiblePaths=-${docker}`, why: expect.stringContaining("created again"), mend: "bs9 restart web" }],
    });
    // A socket in a directory that the sandbox closes stays closed, even if it is removed and created again.
    succeed(await all.lab.asRoot(["systemctl", "restart", "others.service"]), "make the other sockets again");
    const again = sockets.filter((socket) => socket !== docker);
    await until(async () => (await closedOutside("ops", again)) === "", { what: "the others answer again" });
    for (const path of sockets.filter((socket) => socket.split("/").length > 3))
      expect([path, await connect(app, path)]).toEqual([path, expect.stringMatching(/^(EACCES|ENOENT)$/)]);
    succeed(await stage.bs9("restart", "web"), "restart web");
    expect(await connect(app, docker)).toMatch(/^(EACCES|ENOENT)$/);
    expect((await described(stage, "web")).verdict).toBe("effective");
    await stage.bs9("delete", "web", "--yes");
  }, 240_000);
});

test("without systemd bs9 cannot close these sockets to a service, and describe says so", async () => {
  const stage = all.on("supervisor");
  await stage.write("web/package.json", "{}");
  const app = await stage.service("web", "web");
  expect(await connect(app, docker)).toBe("connected");
  const { verdict, missing } = await described(stage, "web");
  expect(verdict).toBe("partial");
  expect(missing).toContainEqual(
    expect.objectContaining({ directive: "InaccessiblePaths", why: expect.stringContaining("Docker for a member of the group docker") }),
  );
  await stage.bs9("delete", "web", "--yes");
}, 240_000);

test.each(backends)(
  "%s: doctor names the group, and whether services are kept from its privileges",
  async (kind) => {
    const stage = all.on(kind);
    const { findings } = JSON.parse((await stage.bs9("doctor", "--json")).stdout) as { findings: Record<string, string>[] };
    const isClosed = kind === "systemd";
    expect(findings).toContainEqual(
      expect.objectContaining({
        id: "root-group",
        severity: isClosed ? "note" : "warning",
        what: `${stage.user} is in the group docker, which is as good as root`,
        why: expect.stringContaining(isClosed ? "the sandbox denies this to services" : "services here can do the same"),
      }),
    );
  },
  240_000,
);
