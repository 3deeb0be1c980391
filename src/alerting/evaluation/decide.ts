// One evaluation of the alerts, the same with an agent and without one: what is known of the services and of the host goes in, the
// events that have to be told come out. Does no input or output.
import type { AlertEvent } from "../message.ts";
import type { HostFacts, ServiceFacts } from "../rules/facts.ts";
import { hasRule, type RuleSet } from "../rules/rules.ts";
import type { Alerts, Clock, Telling } from "./alerts.ts";
import { observationsOf, observationsOfHost } from "./observation.ts";
import type { Observation } from "./observed.ts";

export type ServiceSeen = {
  facts: ServiceFacts;
  rules: RuleSet;
  /** A failure that was over before the service was read; null where there was none. */
  passed: ServiceFacts | null;
};

export type Seen = {
  services: readonly ServiceSeen[];
  host: { facts: HostFacts; rules: RuleSet };
  /** The rules of every subject that exists, by its name, to end the alerts of the others; null: none of them is ended. */
  existing: ((subject: string) => RuleSet | null) | null;
};

/** `telling` is null where no channel is configured: then nothing counts as told. Each list of events that is returned becomes one message. */
export function decide(alerts: Alerts, { services, host, existing }: Seen, telling: Telling | null, clock: Clock): AlertEvent[][] {
  const due: AlertEvent[][] = [];
  const release = () => {
    if (telling !== null) due.push(...alerts.release(telling, clock));
  };
  const observations: Observation[] = [];
  for (const { facts, passed, rules } of services) {
    if (passed !== null) {
      alerts.observe(observationsOf(passed, rules, host.facts, clock.nowMs), clock);
      // Told before the present state is compared, which would resolve it silently.
      release();
    }
    observations.push(...observationsOf(facts, rules, host.facts, clock.nowMs));
  }
  alerts.observe(observations, clock);
  alerts.observe(observationsOfHost(host.facts, host.rules), clock);
  if (existing !== null) alerts.retire(({ rule, subject }) => hasRule(existing(subject), rule), clock);
  release();
  return due;
}
