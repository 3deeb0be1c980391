// The image: built from the Dockerfile offline, run as hardened as it promises, and as the Kubernetes manifest runs it.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Status } from "../../src/lifecycle/status.ts";
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

/** As hardened as it gets: nothing to write to but /data, and little memory and CPU. */
const hardened = [
  ...["--read-only", "--read-only-tmpfs=false", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
  // A container that is slow to start under 0.1 CPU is what is asked for; its health is asked for by hand.
  ...["--memory", "128m", "--memory-swap", "128m", "--cpus", "0.1", "--network", "host", "--health-interval", "disable"],
];

async function curl(url: string, ...options: string[]): Promise<{ status: number; body: string }> {
  const { code, stdout, stderr } = await here.inside(["curl", "-sS", "--max-time", "10", "-w", "\n%{http_code}", ...options, url]);
  if (code !== 0) throw new Error(stderr);
  const at = stdout.lastIndexOf("\n");
  return { status: Number(stdout.slice(at + 1)), body: stdout.slice(0, at) };
}

async function metrics(): Promise<Status[]> {
  const { body } = await curl("http://127.0.0.1:8080/api/metrics", "-H", `Authorization: Bearer ${token}`);
  return (JSON.parse(body) as { services: Status[] }).services;
}

test("it is small, has no shell, and asks for uid 1000 and its health", async () => {
  const [{ Config, Healthcheck, Size }] = JSON.parse(await here.must(["podman", "image", "inspect", image])) as [
    { Config: Record<string, unknown>; Healthcheck: { Test: string[] }; Size: number },
  ];
  expect(Config).toMatchObject({
    User: "1000:1000",
    Entrypoint: ["/usr/local/bin/bs9"],
    Cmd: ["run", "/app/bs9.toml", "--host", "0.0.0.0"],
    Volumes: { "/data": {} },
    ExposedPorts: { "8080/tcp": {} },
  });
  expect(Healthcheck.Test).toEqual(["CMD", "/usr/local/bin/bs9", "status", "all"]);
  expect(Size).toBeLessThan(160e6);
  for (const shell of ["sh", "/bin/sh", "/bin/bash", "/usr/bin/perl"])
    expect((await here.inside(["podman", "run", "--rm", ...hardened, "--entrypoint", shell, image, "-c", "true"])).code).toBe(127);
  expect(await here.must(["podman", "run", "--rm", ...hardened, image, "version"])).toStartWith("bs9 ");
});

test("read-only, as uid 1000, under 128 MiB and 0.1 CPU it serves the app and is healthy; SIGTERM ends it with 0", async () => {
  const folder = tempDir();
  const app = join(folder, "app");
  mkdirSync(app);
  copyFileSync(join(top, "test/fixtures/hello/app.ts"), join(app, "app.ts"));
  writeFileSync(join(app, "bs9.toml"), '[services.hello]\nentry = "app.ts"\nport = 4310\nhealth = "/"\n');
  writeFileSync(join(folder, "token"), `${token}\n`);
  for (const path of [folder, app]) chmodSync(path, 0o755);
  const mounts = ["-v", `${app}:/app:ro`, "-v", `${join(folder, "token")}:/run/secrets/web-token:ro`];
  const variable = ["-e", "BS9_WEB_TOKEN_FILE=/run/secrets/web-token"];
  await here.must(["podman", "run", "--detach", "--name", "bs9", ...hardened, ...mounts, ...variable, image]);
  try {
    await until(async () => (await curl("http://127.0.0.1:8080/healthz")).status === 200, { timeoutMs: 60_000, what: "/healthz" });
    await until(async () => (await curl("http://127.0.0.1:4310/")).body === "hello from hello\n", { timeoutMs: 60_000, what: "the app" });
    expect((await curl("http://127.0.0.1:8080/api/metrics")).status).toBe(401);
    const hello = await until(async () => (await metrics()).find(({ ready }) => ready), { timeoutMs: 60_000, what: "a ready service" });
    expect(hello).toMatchObject({ name: "hello", state: "active", backend: "supervisor", port: 4310 });
    await here.must(["podman", "healthcheck", "run", "bs9"]);

    const [{ HostConfig, State }] = JSON.parse(await here.must(["podman", "inspect", "bs9"])) as [
      { HostConfig: Record<string, unknown>; State: { Pid: number; OOMKilled: boolean } },
    ];
    expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, Memory: 128 * 1024 ** 2, NanoCpus: 1e8 });
    const processes = await here.must(["podman", "top", "bs9", "huser", "capeff"]);
    expect(
      new Set(
        processes
          .split("\n")
          .slice(1)
          .map((line) => line.trim().split(/\s+/).join(" ")),
      ),
    ).toEqual(new Set(["1000 none"]));
    const rootMount = (await here.must(["cat", `/proc/${State.Pid}/mounts`])).split("\n").find((line) => line.split(" ")[1] === "/");
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

test("the Kubernetes manifest plays", async () => {
  const manifest = (await Bun.file(join(top, "src/k8s/bs9-deployment.yaml")).text()).replace(/(?<=^ {2}token: )REPLACE-ME$/m, btoa(token));
  const file = join(tempDir(), "bs9.yaml");
  writeFileSync(file, manifest);
  await here.must(["podman", "kube", "play", file]);
  const names = (await here.must(["podman", "ps", "--all", "--format", "{{.Names}}"])).split("\n");
  const name = names.find((one) => one.startsWith("bs9-pod") && !one.endsWith("infra")) ?? "";
  try {
    await until(async () => (await curl("http://127.0.0.1:3000/")).body === "hello from hello\n", { timeoutMs: 60_000, what: "the app" });
    const hello = await until(async () => (await metrics()).find(({ ready }) => ready), { timeoutMs: 60_000, what: "a ready service" });
    expect(hello).toMatchObject({ name: "hello", state: "active" });
    const processes = await here.must(["podman", "top", name, "huser", "capeff"]);
    expect(
      new Set(
        processes
          .split("\n")
          .slice(1)
          .map((line) => line.trim().split(/\s+/).join(" ")),
      ),
    ).toEqual(new Set(["1000 none"]));
    await here.must(["podman", "exec", name, "/usr/local/bin/bs9", "status", "all"]);
    const [{ HostConfig }] = JSON.parse(await here.must(["podman", "inspect", name])) as [{ HostConfig: Record<string, unknown> }];
    expect(HostConfig).toMatchObject({ ReadonlyRootfs: true, Memory: 512 * 1024 ** 2 });
    await here.must(["podman", "kube", "down", file]);
  } catch (error) {
    throw new Error(`what it said:\n${await logsOf(name)}`, { cause: error });
  }
});

async function logsOf(name: string): Promise<string> {
  const { stdout, stderr } = await here.inside(["podman", "logs", name]);
  return stdout + stderr;
}
