// What bs9 knows about a service of the scene.
import { profileDirectives } from "../../src/backend/sandbox.ts";
import type { Description } from "../../src/lifecycle/describe.ts";
import type { Status } from "../../src/status/schema.ts";

const [hourMs, dayMs] = [3_600_000, 86_400_000];
const root = "/home/ops/shop";

export function descriptionOf(status: Status): Description {
  const { name, health } = status;
  const nowMs = Date.now();
  const iso = (agoMs: number) => new Date(nowMs - agoMs).toISOString();
  return {
    status,
    unwell: health === "unhealthy" ? { reason: "GET /healthz answers 503", since: iso(21 * 60_000) } : null,
    spec: {
      version: 1,
      name,
      entry: { kind: "script", path: `${root}/${name}.ts` },
      args: [],
      root,
      cwd: root,
      runtime: { kind: "bs9", version: "0.1.0" },
      build: null,
      force: false,
      port: status.port,
      env: ["LOG_LEVEL"],
      envFiles: [`${root}/.env`],
      envRemoved: [],
      path: "/usr/bin:/bin",
      limits: { memoryBytes: status.limits.memoryBytes?.value ?? null, cpuPercent: null, files: 65_536, tasks: 512 },
      health: { kind: "path", path: "/healthz" },
      healthRestart: false,
      waitMs: 30_000,
      sandbox: { profile: "standard", writable: [], readable: [], required: false },
      restart: { policy: "on-failure", delayMs: 1000, max: null },
      stopTimeoutMs: 30_000,
      log: "journal",
    },
    environment: ["NODE_ENV", "PORT", "SERVICE_NAME", "OTEL_SERVICE_NAME", "PATH", "LOG_LEVEL", "DATABASE_URL", "SESSION_SECRET"],
    unit: {
      name: status.unit,
      file: `/home/ops/.config/systemd/user/${name}.service`,
      text: `[Unit]\nDescription=${name}\n\n[Service]\nSlice=bs9.slice\n`,
    },
    directories: {
      writable: [
        { path: root, own: false },
        { path: "/home/ops/.cache", own: true },
        { path: "/tmp", own: true },
      ],
      readable: ["/"],
      hidden: ["/home", "/root", "/run/user"],
    },
    sandbox: {
      profile: "standard",
      declared: profileDirectives("standard").map(({ name: directive, value }) => `${directive}=${value}`),
      verdict: status.sandbox,
      verified: ["PrivateUsers", "PrivateTmp", "ProtectSystem", "NoNewPrivileges", "SystemCallFilter"],
      probed: ["KeyringMode", "RemoveIPC"],
      missing:
        status.sandbox === "partial"
          ? [{ directive: "ProtectHome", why: "the entry lies in the home directory itself", mend: "move it to a directory of its own" }]
          : [],
      unheld: [],
    },
    isolation: { verdict: "full", verified: ["signals", "abstract sockets"], probed: [], missing: [] },
    lastEnd: status.state === "failed" ? "exited with status 1" : null,
    availability: {
      day: {
        since: iso(dayMs),
        upMs: dayMs - 100_000,
        downMs: 40_000,
        stoppedMs: 0,
        unknownMs: 60_000,
        uptimeRatio: 0.9995,
        recoveries: 2,
        meanRecoveryMs: 1200,
      },
      month: {
        since: iso(30 * dayMs),
        upMs: 29 * dayMs,
        downMs: 3 * hourMs,
        stoppedMs: 2 * hourMs,
        unknownMs: 19 * hourMs,
        uptimeRatio: 0.9957,
        recoveries: 9,
        meanRecoveryMs: 2100,
      },
    },
    preload: { pids: status.pid === null ? [] : [status.pid], why: null },
    served: status.requests === null ? null : { count: 1_281_004, failed: 812 },
    sample: null,
    events: [
      { at: iso(4 * hourMs), message: "started by ops" },
      { at: iso(26 * 60_000), message: "exited with status 1 after 7 s, restart in 2 s" },
      { at: iso(25 * 60_000), message: "started again" },
    ],
  };
}
