// A dashboard with services that the tests choose, and its picture compared with a stored one.

import { expect } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AlertNow } from "../../src/alerting/evaluation/kept.ts";
import type { MonitEvent } from "../../src/monit/events.ts";
import { firstModel, type MonitModel, type MonitStart } from "../../src/monit/model.ts";
import type { UpdateStep } from "../../src/monit/update/step.ts";
import { update } from "../../src/monit/update/update.ts";
import { view } from "../../src/monit/view/view.ts";
import type { Observed, Snapshot, Status } from "../../src/status/schema.ts";

export const nowMs = Date.parse("2026-03-01T12:04:31Z");

export function service(name: string, status: Partial<Status> = {}, rest: Partial<Observed> = {}): Observed {
  const limits = { memoryBytes: null, cpuPercent: null, tasks: null, files: null };
  return {
    status: {
      name,
      state: "active",
      ready: true,
      health: "healthy",
      pid: 4242,
      instances: { want: 1, ready: 1 },
      restarts: 0,
      uptimeMs: 3_600_000,
      cpuPercent: 0.7,
      cpuTimeMs: 1000,
      memoryBytes: 42 * 1024 ** 2,
      memorySource: "cgroup",
      tasks: 9,
      limits,
      port: 3000,
      requests: null,
      sandbox: "effective",
      isolation: "full",
      backend: "systemd",
      unit: `${name}.service`,
      figuresFrom: "agent",
      notices: [],
      reason: null,
      ...status,
    },
    wanted: true,
    end: null,
    nextStartMs: null,
    outcome: null,
    unwell: null,
    served: null,
    ...rest,
  };
}

const down = { pid: null, uptimeMs: null, cpuPercent: null, cpuTimeMs: null, memoryBytes: null, tasks: null, ready: false } as const;

/** The services of the example in the notes on how monit should look. */
export const usual: Observed[] = [
  service("api", { cpuPercent: 12.5, memoryBytes: 180 * 1024 ** 2, limits: limited(512), uptimeMs: 273_600_000 }),
  service(
    "worker",
    { ...down, state: "failed", health: null, restarts: 5, sandbox: "unknown", reason: "exit 1, 5 restarts in 60 s" },
    { end: "exited with 1" },
  ),
  service("web", { uptimeMs: 691_200_000, sandbox: "partial" }),
  service("cron", { ...down, state: "inactive", health: null, sandbox: "unknown" }, { wanted: false }),
  service(
    "mailer",
    { health: "unhealthy", cpuPercent: 3.1, memoryBytes: 96 * 1024 ** 2, limits: limited(128), restarts: 2, uptimeMs: 2_460_000 },
    { unwell: { reason: "GET / answers 503", sinceMs: nowMs - 180_000 } },
  ),
  service("imgproxy", {
    state: "activating",
    health: "unknown",
    ready: false,
    cpuPercent: 88,
    memoryBytes: 61 * 1024 ** 2,
    uptimeMs: 4000,
  }),
  service("billing", { cpuPercent: 0.2, memoryBytes: 38 * 1024 ** 2, uptimeMs: 1_036_800_000 }),
];

export function limited(megabytes: number): Status["limits"] {
  return { memoryBytes: { value: megabytes * 1024 ** 2, inForce: true }, cpuPercent: null, tasks: null, files: null };
}

const host = {
  load1: 0.42,
  load5: 0.38,
  load15: 0.31,
  memoryPercent: 41,
  memoryBytes: 3.3 * 1024 ** 3,
  memoryTotalBytes: 8 * 1024 ** 3,
  homeUsedPercent: 63,
  cpuPressurePercent: 0.1,
  memoryPressurePercent: 0.4,
  ioPressurePercent: null,
};

export const snapshotOf = (services: Observed[], atMs = nowMs): Snapshot => ({
  atMs,
  services,
  added: [],
  notices: [],
  warnings: [],
  alerts: [],
  host,
});

const minuteMs = 60_000;

const start: MonitStart = {
  size: { columns: 80, rows: 24 },
  nowMs,
  host: "vps-1",
  charset: "braille",
  isReadOnly: false,
  isStill: false,
  refreshMs: 1000,
  intervalMs: 5000,
  steps: [
    { stepMs: 5000, spanMs: 5_000_000 },
    { stepMs: minuteMs, spanMs: 1000 * minuteMs },
    { stepMs: 10 * minuteMs, spanMs: 10_000 * minuteMs },
  ],
  hasMouse: true,
};

/** A dashboard that takes events, and remembers what it wanted done. */
export class Scene {
  model: MonitModel;
  effects: UpdateStep["effects"] = [];

  constructor(services: Observed[] = usual, options: Partial<MonitStart> = {}) {
    this.model = firstModel({ ...start, ...options });
    this.take({ kind: "services", event: { kind: "snapshot", snapshot: snapshotOf(services) } });
  }

  take(event: MonitEvent): this {
    const { model, effects } = update(this.model, event);
    this.model = model;
    this.effects = effects;
    return this;
  }

  /** Presses keys, each named as the parser names it, separated by blanks. */
  keys(words: string): this {
    for (const key of words.split(" ")) this.take({ kind: "input", input: { kind: "key", key }, atMs: this.model.nowMs });
    return this;
  }

  names(): string[] {
    return this.model.rows.map(({ status }) => status.name);
  }

  lines(): string[] {
    return view(this.model).lines();
  }

  /** The screen is exactly the stored picture. WRITE_PICTURES=1 stores it, to be read before it is committed. */
  isPicture(name: string): void {
    isPicture(name, this.lines());
  }
}

export function isPicture(name: string, lines: string[]): void {
  const file = join(import.meta.dir, "pictures", `${name}.txt`);
  const text = `${lines.join("\n")}\n`;
  if (process.env["WRITE_PICTURES"] === "1") writeFileSync(file, text);
  expect(text).toBe(existsSync(file) ? readFileSync(file, "utf8") : `there is no picture ${name}.txt`);
}

/** History, log and events of the selected service, as the readers of the dashboard would give them. */
export function furnish(scene: Scene): Scene {
  const name = scene.model.selected ?? "";
  const points = Array.from({ length: 200 }, (_, i) => ({
    atMs: nowMs - 3_600_000 + i * 18_000,
    holdMs: 27_000,
    cpuPercent: i > 80 && i < 95 ? null : 20 + 15 * Math.sin(i / 9) + (i % 17 === 0 ? 40 : 0),
    memoryBytes: i > 80 && i < 95 ? null : (30 + i / 4) * 1024 ** 2,
    restarted: i === 95,
  }));
  const line = (seconds: number, level: "info" | "warn" | "error", text: string, isFromBs9 = false) => ({
    atMs: nowMs - 200_000 + seconds * 1000,
    level,
    text,
    isFromBs9,
  });
  const lines = [
    line(0, "info", "listening on /run/worker.sock"),
    line(2, "warn", "redis: retry 1 of 5"),
    line(7, "error", "ECONNREFUSED 127.0.0.1:6379"),
    line(7, "error", "    at connect (worker.ts:41:9)"),
    line(7, "info", "exited with 1 after 7 s, restart in 2 s", true),
  ];
  const list = [
    { atMs: nowMs - 193_000, text: "exited with 1" },
    { atMs: nowMs - 400_000, text: "alice: bs9 start" },
  ];
  return scene
    .take({ kind: "history", name, points, readMs: nowMs })
    .take({ kind: "log", name, lines, isRead: true, trouble: null })
    .take({ kind: "past", name, list });
}

export function alert(subject: string, of: Partial<AlertNow> = {}): AlertNow {
  return {
    rule: "cpu",
    subject,
    id: `id-of-${subject}`,
    state: "firing",
    severity: "warning",
    sinceMs: nowMs - 130_000,
    firedMs: nowMs - 120_000,
    value: 97,
    threshold: 90,
    unit: "%",
    sentence: `${subject}: cpu 97 %, above 90 % for 10 s`,
    isSilenced: false,
    ackedBy: null,
    ...of,
  };
}
