// The image: built from the Dockerfile offline, run with full hardening, and run as the Kubernetes manifest does.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Status } from "../../src/status/schema.ts";
import { tempDir, until } from "../harness.ts";
import { type Place, place } from "./place.ts";

const top = join(import.meta.dir, "../..");
const token = "0123456789abcdef0123456789abcdef";
const image = "bs9:0.1.0";
let here: Place;

beforeAll(async () => {
  here = await place();
  await here.must(["buildah", "bud", "--pull-never", "--format", "docker", "--tag", image, top], { timeoutMs: 240_000 });
}, 560_000);
afterAll(async () => here[Symbol.asyncDispose]());

/** Full hardening: only /data is writable, with little memory and CPU. */
const hardened = [
  ...["--read-only", "--read-only-tmpfs=false", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
  // The container must be slow under 0.1 CPU; its health is checked by hand.
  ...["--memory", "128m", "--memory-swap", "128m", "--cpus", "0.1", "--network", "host", "--health-interval", "disable"],
];

async function curl(url: string, ...options: string[]): Promise<{ status: number; body: string }> {
  const { code, stdout, stderr } = await here.inside(["curl", "-sS", "--max-time", "10", "-w", "\n%{http_code}", ...options, url]);
  if (code !== 0) throw new Error(stderr);
  const at = stdout.lastIndexOf("\n");
  return { status: Number(stdout.slice(at + 1)), body: stdout.slice(0, at) };
}

async function readyService(bearer: string): Promise<Status> {
  const find = async () => {
    const { status, body } = await curl("http://127.0.0.1:8080/api/metrics", "-H", `Authorization: Bearer ${bearer}`);
    if (status !== 200) throw new Error(body);
    return (JSON.parse(body) as { services: Status[] }).services.find(({ ready }) => ready);
  };
  return until(find, { timeoutMs: 60_000, what: "a ready service" });
}

/** The pid of the first process of a container in the pid namespace of the place, whose /proc shows the container. */
async function firstPid(name: string): Promise<string> {
  return here.must(["podman", "inspect", "--format", "{{.State.Pid}}", name]);
}

/** The user and the capabilities of each process of a container. */
async function powers(name: string): Promise<Set<string>> {
  const pids = (await here.must(["podman", "top", name, "hpid"])).split("\n").slice(1);
  const wanted = /^(?:Uid|Gid|CapEff|CapBnd|NoNewPrivs):.*$/gm;
  const of = async (pid: string) => (await here.must(["cat", `/proc/${pid.trim()}/status`])).match(wanted)?.join(" ").replace(/\s+/g, " ");
  return new Set((await Promise.all(pids.map(of))).map(String));
}

/** The limits that the kernel enforces on a container, with either version of control groups. */
async function limitsInForce(name: string): Promise<{ memoryBytes: number; cpus: number }> {
  const groups = (await here.must(["cat", `/proc/${await firstPid(name)}/cgroup`])).split("\n").map((line) => line.split(":"));
  const read = async (controller: string, file: string) => {
    const own = groups.find(([, controllers]) => controllers?.split(",").includes(controller));
    const path = own?.[2] ?? groups.find(([, controllers]) => controllers === "")?.[2] ?? "/";
    return here.must(["cat", join("/sys/fs/cgroup", own === undefined ? "" : controller, path, file)]);
  };
  if (groups.some(([, controllers]) => controllers === "memory")) {
    const [quota, period] = [await read("cpu", "cpu.cfs_quota_us"), await read("cpu", "cpu.cfs_period_us")];
    return { memoryBytes: Number(await read("memory", "memory.limit_in_bytes")), cpus: Number(quota) / Number(period) };
  }
  const [quota, period] = (await read("cpu", "cpu.max")).split(" ");
  return { memoryBytes: Number(await read("memory", "memory.max")), cpus: Number(quota) / Number(period) };
}

const powerless = "Uid: 1000 1000 1000 1000 Gid: 1000 1000 1000 1000 CapEff: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1";

test("the image is small, has no shell, and specifies uid 1000 and its health check", async () => {
  const [{ Config, Healthcheck, Size }] = JSON.parse(await here.must(["podman", "image", "inspect", image])) as [
    { Config: Record<string, unknown>; Healthcheck: { Test: string[] }; Size: number },
  ];
  expect(Config).toMatchObject({
    User: "1000:1000",
    Entrypoint: ["/usr/local/bin/bs9"],
    Cmd: ["run", "--host", "0.0.0.0"],
    Volumes: { "/data": {} },
    ExposedPorts: { "8080/tcp": {} },
  });
  expect(Healthcheck.Test).toEqual(["CMD", "/usr/local/bin/bs9", "status", "all"]);
  expect(Size).toBeLessThan(160e6);
  for (const shell of ["sh", "/bin/sh", "/bin/bash", "/usr/bin/perl"])
    expect((await here.inside(["podman", "run", "--rm", ...hardened, "--entrypoint", shell, image, "-c", "true"])).code).toBe(127);
  expect(await here.must(["podman", "run", "--rm", ...hardened, image, "version"])).toStartWith("bs9 ");
});

test("read-only, as uid 1000, under 128 MiB and 0.1 CPU the image serves the app and is healthy, and SIGTERM ends it with 0", async () => {
  const folder = tempDir();
  const app = join(folder, "app");
  mkdirSync(app);
  copyFileSync(join(top, "test/fixtures/hello/app.ts"), join(app, "app.ts"));
  writeFileSync(join(app, "bs9.toml"), '[services.hello]\nentry = "app.ts"\nport = 4310\nhealth = "/"\n');
  writeFileSync(join(folder, "token"), `${token}\n`);
  for (const path of [folder, app]) chmodSync(path, 0o755);
  // On a disk, as volumes are, because files on the tmpfs of the test images would count as memory.
  const volume = join(folder, "data");
  mkdirSync(volume);
  chownSync(volume, 1000, 1000);
  const mounts = ["-v", `${volume}:/data`, "-v", `${app}:/app:ro`, "-v", `${join(folder, "token")}:/run/secrets/web-token:ro`];
  const variable = ["-e", "BS9_WEB_TOKEN_FILE=/run/secrets/web-token"];
  await here.must(["podman", "run", "--detach", "--name", "bs9", ...hardened, ...mounts, ...variable, image]);
  try {
    await until(async () => (await curl("http://127.0.0.1:8080/healthz")).status === 200, { timeoutMs: 60_000, what: "/healthz" });
    await until(async () => (await curl("http://127.0.0.1:4310/")).body === "hello from hello\n", { timeoutMs: 60_000, what: "the app" });
    expect((await curl("http://127.0.0.1:8080/api/metrics")).status).toBe(401);
    const hello = await readyService(token);
    expect(hello).toMatchObject({ name: "hello", state: "active", backend: "supervisor", port: 4310 });
    await here.must(["podman", "healthcheck", "run", "bs9"]);

    const [{ HostConfig, State }] = JSON.parse(await here.must(["podman", "inspect", "bs9"])) as [
      { HostConfig: Record<string, unknown>; State: { OOMKilled: boolean } },
    ];
    expect(HostConfig["ReadonlyRootfs"]).toBe(true);
    expect(await limitsInForce("bs9")).toEqual({ memoryBytes: 128 * 1024 ** 2, cpus: 0.1 });
    expect(await powers("bs9")).toEqual(new Set([powerless]));
    const rootMount = (await here.must(["cat", `/proc/${await firstPid("bs9")}/mounts`]))
      .split("\n")
      .find((line) => line.split(" ")[1] === "/");
    expect(rootMount?.split(" ")[3]?.split(",")).toContain("ro");
    expect(State.OOMKilled).toBe(false);

    await here.must(["podman", "kill", "--signal", "TERM", "bs9"]);
    expect(await here.must(["podman", "wait", "bs9"], { timeoutMs: 40_000 })).toBe("0");
  } catch (error) {
    throw new Error(`what it said:\n${await logsOf("bs9")}`, { cause: error });
  } finally {
    await here.must(["podman", "rm", "--force", "--time", "0", "bs9"]);
  }
});

test("without preparation the image starts as in compose.yaml, and says what to mount and where its token is", async () => {
  const app = join(tempDir(), "app");
  mkdirSync(app);
  await here.must(["podman", "run", "--detach", "--name", "bare", ...hardened, "-v", `${app}:/app:ro`, "-v", "bare:/data", image]);
  try {
    await until(async () => (await curl("http://127.0.0.1:8080/healthz")).status === 200, { timeoutMs: 60_000, what: "/healthz" });
    const said = await logsOf("bare");
    expect(said).toContain("/app/bs9.toml does not exist; mount a directory with a bs9.toml at /app\n");
    expect(said).toContain("the token for http://0.0.0.0:8080/api/metrics is in /data/config/web.token\n");
    await here.must(["podman", "cp", "bare:/data/config/web.token", join(app, "token")]);
    const bearer = readFileSync(join(app, "token"), "utf8").trim();
    expect((await curl("http://127.0.0.1:8080/api/metrics", "-H", `Authorization: Bearer ${bearer}`)).status).toBe(200);
  } finally {
    await here.must(["podman", "rm", "--force", "--time", "0", "--volumes", "bare"]);
  }
});

test("compose.yaml needs no file except the app", async () => {
  const { services, secrets } = Bun.YAML.parse(await Bun.file(join(top, "compose.yaml")).text()) as {
    services: { bs9: { volumes: string[]; environment?: unknown } };
    secrets?: unknown;
  };
  expect(services.bs9.volumes).toEqual(["${BS9_APP:-./app}:/app:ro", "data:/data"]);
  expect([services.bs9.environment, secrets]).toEqual([undefined, undefined]);
});

test("the Kubernetes manifest has the documented names, and plays without a Secret, with a token that bs9 makes", async () => {
  const manifest = await Bun.file(join(top, "src/k8s/bs9-deployment.yaml")).text();
  const documents = Bun.YAML.parse(manifest) as { kind: string; metadata: { name: string; namespace?: string } }[];
  expect(documents.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? "-"} ${metadata.name}`)).toEqual([
    "Namespace - bs9-system",
    "ConfigMap bs9-system bs9-app",
    "Deployment bs9-system bs9-manager",
    "Service bs9-system bs9-manager",
  ]);
  // podman 4.3 wants every Secret, also an optional one; Kubernetes mounts an empty directory then.
  const mount = /^ {12}- name: token\n(?: {14}.*\n)+/m;
  const volume = /^ {8}- name: token\n(?: {10}.*\n)+/m;
  expect(volume.exec(manifest)?.[0]).toContain("optional: true\n");
  const file = join(tempDir(), "bs9.yaml");
  writeFileSync(file, manifest.replace(mount, "").replace(volume, ""));
  await here.must(["podman", "kube", "play", file]);
  const names = (await here.must(["podman", "ps", "--all", "--format", "{{.Names}}"])).split("\n");
  const name = names.find((one) => one.startsWith("bs9-manager-pod") && !one.endsWith("infra")) ?? "";
  try {
    await until(async () => (await curl("http://127.0.0.1:3000/")).body === "hello from hello\n", { timeoutMs: 60_000, what: "the app" });
    const made = await here.must(["cat", `/proc/${await firstPid(name)}/root/data/config/web.token`]);
    expect(await logsOf(name)).toContain(
      "/run/secrets/bs9/token, which BS9_WEB_TOKEN_FILE names, does not exist; the token for http://0.0.0.0:8080/api/metrics is in /data/config/web.token\n",
    );
    const hello = await readyService(made);
    expect(hello).toMatchObject({ name: "hello", state: "active" });
    expect(await powers(name)).toEqual(new Set([powerless]));
    await here.must(["podman", "exec", name, "/usr/local/bin/bs9", "status", "all"]);
    const [{ HostConfig }] = JSON.parse(await here.must(["podman", "inspect", name])) as [{ HostConfig: Record<string, unknown> }];
    expect(HostConfig["ReadonlyRootfs"]).toBe(true);
    expect(await limitsInForce(name)).toEqual({ memoryBytes: 512 * 1024 ** 2, cpus: 0.5 });
    await here.must(["podman", "kube", "down", file]);
  } catch (error) {
    throw new Error(`what it said:\n${await logsOf(name)}`, { cause: error });
  }
});

async function logsOf(name: string): Promise<string> {
  const said = await here.inside(["podman", "logs", name]);
  const inside = await Promise.all(
    ["status", "logs"].map((verb) => here.inside(["timeout", "30", "podman", "exec", name, "/usr/local/bin/bs9", verb, "all"])),
  );
  return [said, ...inside].map(({ stdout, stderr }) => stdout + stderr).join("\n");
}
