// What rules of alerts are compared with beside the samples of a tick: uptimes, predictions, certificates and lines. All of it is
// found in the background, and none of it delays a turn.
import type { AlertsInForce } from "../../alerting/config/in-force.ts";
import type { HostFacts, ServiceFacts } from "../../alerting/rules/facts.ts";
import type { RuleSet } from "../../alerting/rules/rules.ts";
import type { Backend } from "../../backend/backend.ts";
import { hostName } from "../../metrics/subject.ts";
import type { StorageReader } from "../../storage/storage.ts";
import { type Known, runOf } from "../collect/services.ts";
import type { Moment } from "../moment.ts";
import { Certificates } from "./certificates.ts";
import { Forecasts } from "./forecasts.ts";
import { LogWatch } from "./log-watch.ts";
import { Uptimes } from "./uptimes.ts";

export type LookoutsDeps = {
  storage: Pick<StorageReader, "watches" | "series">;
  backend: Pick<Backend, "logs">;
  home: string;
  now: () => number;
  /** Called when a line matches a pattern. */
  onMatch: () => void;
  say: (sentence: string) => void;
};

/** What was found out about a service. */
export type LookedService = Pick<ServiceFacts, "uptimePercent" | "memoryFullMs" | "certificates" | "matches">;

export class Lookouts {
  readonly #uptimes: Uptimes;
  readonly #forecasts: Forecasts;
  readonly #certificates: Certificates;
  readonly #lines: LogWatch;

  constructor(deps: LookoutsDeps) {
    this.#uptimes = new Uptimes(deps.storage, deps.say);
    this.#forecasts = new Forecasts(deps.storage, deps.say);
    this.#certificates = new Certificates(deps.home);
    this.#lines = new LogWatch(deps);
  }

  /** Starts to look at what is due. To be called in each tick. */
  look({ atMs, services, uptimeMs }: Moment, inForce: AlertsInForce): void {
    const rulesOf = (name: string) => inForce.rulesOf(name);
    this.#uptimes.look(services.keys(), rulesOf, atMs);
    const host = { name: hostName, rules: inForce.rulesOfHost(), memoryLimitBytes: null, run: null };
    const subjects = () => [
      host,
      ...Array.from(services, ([name, known]) => ({ name, rules: rulesOf(name), memoryLimitBytes: limitOf(known), run: runOf(known) })),
    ];
    this.#forecasts.look(subjects, { uptimeMs, atMs });
    const running = Array.from(services).flatMap(([name, known]) => {
      const { certificates } = rulesOf(name);
      return certificates.length === 0 ? [] : [{ name, rules: certificates, run: runOf(known) }];
    });
    this.#certificates.look([{ name: hostName, rules: host.rules.certificates, run: null }, ...running], uptimeMs);
    const patterns = Array.from(services.keys()).flatMap((name) => {
      const rules = rulesOf(name).patterns;
      return rules.length === 0 ? [] : ([[name, rules]] as const);
    });
    this.#lines.watch(new Map(patterns));
  }

  /** Stops following lines, because alerts are turned off. */
  rest(): void {
    this.#lines.watch(new Map());
  }

  ofService(known: Known, rules: RuleSet, { atMs, uptimeMs }: Moment): LookedService {
    const { name } = known.spec;
    return {
      uptimePercent: this.#uptimes.of(name),
      memoryFullMs: this.#forecasts.of(name, runOf(known), uptimeMs).memoryFullMs,
      certificates: this.#certificates.of(name, rules.certificates, atMs),
      matches: this.#lines.take(name),
    };
  }

  ofHost(rules: RuleSet, { atMs, uptimeMs }: Moment): Omit<HostFacts, "figures"> {
    return { ...this.#forecasts.of(hostName, null, uptimeMs), certificates: this.#certificates.of(hostName, rules.certificates, atMs) };
  }

  /** The services with lines that match and were not evaluated. */
  matched(): ReadonlySet<string> {
    return this.#lines.matched();
  }

  notices(): string[] {
    return this.#lines.notices();
  }

  async close(): Promise<void> {
    await Promise.all([this.#uptimes.close(), this.#forecasts.close(), this.#certificates.close(), this.#lines.close()]);
  }
}

const limitOf = ({ limits }: Known): number | null => limits.memoryBytes?.value ?? null;
