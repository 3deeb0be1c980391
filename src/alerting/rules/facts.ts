// The facts of a service and of the host that rules are compared with.
import type { Health, State } from "../../metrics/sample.ts";
import type { SeenCertificate } from "../certificates/certificate.ts";

/** Figures by name; a figure that could not be measured is null. */
export type FiguresByName = Readonly<Record<string, unknown>>;

export type ServiceFacts = {
  name: string;
  state: State;
  health: Health;
  healthReason: string | null;
  /** The service has a check of its health, or a port that is probed. */
  isChecked: boolean;
  /** How the last run ended, in words. */
  end: string | null;
  /** Identifies the run that ended last; null where that is unknown. */
  endedRun: string | null;
  isOutOfMemory: boolean;
  /** When the backend reported its present state, by the wall clock; null where that was before this turn. */
  changedMs: number | null;
  /** The times of its latest restarts, by the monotonic clock. */
  restartsMs: readonly number[];
  memoryLimitBytes: number | null;
  cpuLimitPercent: number | null;
  uptimePercent: number | null;
  /** The sample of this tick; null between ticks: then rules on figures are not evaluated. */
  figures: FiguresByName | null;
  /** In how many ms its memory reaches its limit; Infinity where it does not grow, null where too little is known. */
  memoryFullMs?: number | null;
  certificates?: CertificatesByRule;
  matches?: MatchesByRule;
};

/** The certificate that each rule looked at last, by the name of the rule. */
export type CertificatesByRule = ReadonlyMap<string, { seen: SeenCertificate; atMs: number }>;

/** The lines that match the pattern of each rule, by the name of the rule: those since the previous evaluation. */
export type MatchesByRule = ReadonlyMap<string, PatternMatch>;

/** `line`: the first of these lines; `isGapped`: lines before them could not be searched. */
export type PatternMatch = { line: string; count: number; isGapped: boolean };

/** The predictions are those of a service, for the memory of the host and for the disk that is full first. */
export type HostFacts = {
  figures: FiguresByName | null;
  memoryFullMs?: number | null;
  diskFullMs?: number | null;
  certificates?: CertificatesByRule;
};

/** The facts of a service that nothing measures: neither its figures nor its health are known. */
export const unmeasured: Omit<ServiceFacts, "name" | "state" | "end" | "endedRun" | "isOutOfMemory"> = {
  health: "unknown",
  healthReason: null,
  isChecked: true,
  changedMs: null,
  restartsMs: [],
  memoryLimitBytes: null,
  cpuLimitPercent: null,
  uptimePercent: null,
  figures: null,
};

export function numberIn(figures: FiguresByName | null, name: string): number | null {
  const value = figures?.[name];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function shareOf(value: number | null, whole: number | null): number | null {
  return value === null || whole === null || whole <= 0 ? null : (value / whole) * 100;
}

export function countSince(timesMs: readonly number[], sinceMs: number): number {
  return timesMs.filter((atMs) => atMs > sinceMs).length;
}
