import type { HealthSettings } from "../config/health.ts";
import type { Spec } from "../service/spec.ts";
export type Watched = { spec: Spec; run: string; startedAtMs: number };
export type HealthOf = { health: "healthy" | "unhealthy" | "unknown"; latencyMs: number | null; reason: string | null; sinceMs: number };
export type Monitor = { watch(services: readonly Watched[]): void; turn(nowMs: number): void; of(name: string): HealthOf; close(): void };
export function monitor(_: { settings: HealthSettings; run: (spec: Spec, command: string, timeoutMs: number) => Promise<{ exitCode: number; timedOut: boolean }>; onChange: (name: string, now: HealthOf) => void }): Monitor {
  return { watch() {}, turn() {}, of: () => ({ health: "unknown", latencyMs: null, reason: null, sinceMs: 0 }), close() {} };
}
