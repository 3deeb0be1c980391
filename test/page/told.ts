// The services, acts and alerts of the scene.
import type { AlertNow } from "../../src/alerting/evaluation/kept.ts";
import type { AlertEvent } from "../../src/alerting/message.ts";
import type { Status } from "../../src/status/schema.ts";
import type { TrailRecord, Who } from "../../src/trail/record.ts";

const mib = 1024 ** 2;
const minuteMs = 60_000;

export const wellKnown: [name: string, status: Partial<Status>][] = [
  ["api", { cpuPercent: 34.2, memoryBytes: 212 * mib, requests: { perSecond: 124.3, errorPercent: 0.1, p50Ms: 4.1, p95Ms: 18.6 } }],
  ["auth", { cpuPercent: 3.1, memoryBytes: 88 * mib, requests: { perSecond: 21.8, errorPercent: 0, p50Ms: 2.2, p95Ms: 7.9 } }],
  ["billing", { cpuPercent: 0.4, memoryBytes: 64 * mib, requests: { perSecond: 1.2, errorPercent: 0, p50Ms: 11, p95Ms: 40 } }],
  [
    "cron",
    {
      state: "inactive",
      ready: false,
      health: null,
      pid: null,
      cpuPercent: null,
      memoryBytes: null,
      uptimeMs: null,
      requests: null,
      sandbox: "unknown",
    },
  ],
  ["imgproxy", { state: "activating", ready: false, health: "unknown", cpuPercent: 88.4, memoryBytes: 301 * mib, uptimeMs: 4200 }],
  [
    "mailer",
    {
      health: "unhealthy",
      cpuPercent: 2.9,
      memoryBytes: 241 * mib,
      restarts: 2,
      reason: "the health probe fails since 12:04: GET /healthz answers 503",
    },
  ],
  ["metrics-relay", { cpuPercent: 1.6, memoryBytes: 31 * mib, requests: null }],
  ["queue", { cpuPercent: 6.3, memoryBytes: 118 * mib, requests: null }],
  ["search", { cpuPercent: 18.8, memoryBytes: 402 * mib, requests: { perSecond: 14.6, errorPercent: 0, p50Ms: 22, p95Ms: 91 } }],
  [
    "web",
    { cpuPercent: 9.7, memoryBytes: 96 * mib, sandbox: "partial", requests: { perSecond: 58.4, errorPercent: 0, p50Ms: 3.1, p95Ms: 12.4 } },
  ],
  ["webhooks", { cpuPercent: 0.8, memoryBytes: 47 * mib, requests: { perSecond: 3.4, errorPercent: 2.4, p50Ms: 8, p95Ms: 130 } }],
  [
    "worker",
    {
      state: "failed",
      ready: false,
      health: null,
      pid: null,
      cpuPercent: null,
      memoryBytes: null,
      uptimeMs: null,
      restarts: 5,
      requests: null,
      reason: "it exited with status 1 five times in 60 s; the last error line: ECONNREFUSED 127.0.0.1:6379",
    },
  ],
];

export function recordsOf(nowMs: number): TrailRecord[] {
  const acts: [act: string, target: string, agoMinutes: number, origin: Who["origin"]][] = [
    ["restart", "web", 3, "web"],
    ["start", "worker", 12, "cli"],
    ["alert", "search", 44, "cli"],
    ["restart", "api", 51, "monit"],
    ["stop", "cron", 130, "cli"],
    ["start", "webhooks", 1500, "cli"],
  ];
  return acts.map(([act, target, agoMinutes, origin], i) => ({
    chain: "0123456789abcdef",
    seq: acts.length - i,
    at: new Date(nowMs - agoMinutes * minuteMs).toISOString(),
    who: { uid: 1000, user: "ops", loginUid: 1000, terminal: null, sshFromEnvironment: null, pid: 1, origin },
    act,
    targets: [target],
    difference: [],
    result: { outcome: "ok", exitStatus: 0, message: null, failed: [] },
    previous: "0".repeat(64),
    hash: "0".repeat(64),
  }));
}

export function eventsOf(nowMs: number): AlertEvent[] {
  const common = { value: null, threshold: null, unit: null } as const;
  return [
    {
      ...common,
      id: "a1b2c3d4e5f6a7b8c9d0",
      rule: "failed",
      kind: "firing",
      subject: "worker",
      severity: "critical",
      atMs: nowMs - 4 * minuteMs,
      sinceMs: nowMs - 4 * minuteMs,
      sentence: "worker has failed: it exited with status 1 five times in 60 s",
    },
    {
      ...common,
      id: "c1b2c3d4e5f6a7b8c9d0",
      rule: "cpu",
      kind: "resolved",
      subject: "api",
      severity: "warning",
      atMs: nowMs - 31 * minuteMs,
      sinceMs: nowMs - 40 * minuteMs,
      sentence: "api used 96% of its CPU limit",
    },
    {
      ...common,
      id: "c1b2c3d4e5f6a7b8c9d0",
      rule: "cpu",
      kind: "firing",
      subject: "api",
      severity: "warning",
      atMs: nowMs - 40 * minuteMs,
      sinceMs: nowMs - 40 * minuteMs,
      sentence: "api uses 96% of its CPU limit",
    },
  ];
}

export function alertsOf(nowMs: number): AlertNow[] {
  const common = { unit: null, isSilenced: false, ackedBy: null } as const;
  return [
    {
      ...common,
      rule: "failed",
      subject: "worker",
      id: "a1b2c3d4e5f6a7b8c9d0",
      state: "firing",
      severity: "critical",
      sinceMs: nowMs - 4 * minuteMs,
      firedMs: nowMs - 4 * minuteMs,
      value: null,
      threshold: null,
      sentence: "worker has failed: it exited with status 1 five times in 60 s",
    },
    {
      ...common,
      rule: "health",
      subject: "mailer",
      id: "b1b2c3d4e5f6a7b8c9d0",
      state: "firing",
      severity: "warning",
      sinceMs: nowMs - 21 * minuteMs,
      firedMs: nowMs - 20 * minuteMs,
      value: null,
      threshold: null,
      sentence: "mailer is unhealthy: GET /healthz answers 503",
    },
    {
      ...common,
      rule: "memory",
      subject: "search",
      id: "",
      state: "pending",
      severity: "warning",
      sinceMs: nowMs - 12_000,
      firedMs: null,
      value: 91,
      threshold: 90,
      sentence: "search uses 91% of its memory limit",
    },
  ];
}
