// Changes to alerts.json, as `bs9 alert` makes them. Pure.
import type { AlertFile } from "./config.ts";

/** `"off"` removes a threshold, a channel or the heartbeat, and turns an event rule off. */
export type AlertEdits = {
  thresholds: { cpu?: number | "off"; memory?: number | string; errorRate?: number | "off"; uptime?: number | "off" };
  health?: "on" | "off";
  /** Changes the rules of this service; undefined: the rules of all services. */
  service?: string;
  /** The `for` of the thresholds that are set by the same command. */
  for?: string;
  cooldownSeconds?: number;
  enabled?: boolean;
  /** A webhook is added. */
  webhook?: string;
  mail?: string;
  heartbeat?: string;
};

type Rules = NonNullable<AlertFile["rules"]>;

export function editedAlerts(file: AlertFile, edits: AlertEdits, host: string): AlertFile {
  const { cooldownSeconds, enabled, heartbeat, service } = edits;
  const changed: AlertFile = { ...file };
  if (enabled !== undefined) changed.enabled = enabled;
  if (cooldownSeconds !== undefined) changed.cooldownSeconds = cooldownSeconds;
  if (heartbeat === "off") delete changed.heartbeat;
  else if (heartbeat !== undefined) changed.heartbeat = { ...file.heartbeat, url: heartbeat };
  const channels = editedChannels(file.channels, edits, host);
  if (channels !== undefined) changed.channels = channels;
  if (service === undefined) {
    const rules = editedRules(file.rules, edits, false);
    if (rules !== undefined) changed.rules = rules;
    return changed;
  }
  const { [service]: ofService, ...others } = file.services ?? {};
  const rules = editedRules(ofService, edits, true);
  if (rules !== undefined) changed.services = { ...others, ...(Object.keys(rules).length === 0 ? {} : { [service]: rules }) };
  return changed;
}

/**
 * `off` removes a rule for all services. For one service it is written down, because the rule for all services would hold
 * otherwise.
 */
function editedRules(before: Rules | undefined, { thresholds, health, for: lasting }: AlertEdits, isOfService: boolean): Rules | undefined {
  const given = Object.entries(thresholds) as [keyof AlertEdits["thresholds"], number | string][];
  if (given.length === 0 && health === undefined) return before;
  const rules: Record<string, unknown> = { ...before };
  for (const [name, value] of given) {
    const known = before?.[name];
    const kept = typeof known === "object" ? known : {};
    if (value !== "off") rules[name] = { ...kept, value, ...(lasting === undefined ? {} : { for: lasting }) };
    else if (isOfService) rules[name] = "off";
    else delete rules[name];
  }
  if (health !== undefined) rules["health"] = health === "on" && lasting !== undefined ? { for: lasting } : health;
  return rules as Rules;
}

function editedChannels(before: AlertFile["channels"], { webhook, mail }: AlertEdits, host: string): AlertFile["channels"] {
  if (webhook === undefined && mail === undefined) return before;
  const channels = { ...before };
  if (webhook === "off") delete channels.webhooks;
  else if (webhook !== undefined && !(channels.webhooks ?? []).some(({ url }) => url === webhook))
    channels.webhooks = [...(channels.webhooks ?? []), { url: webhook }];
  if (mail === "off") delete channels.mail;
  else if (mail !== undefined) channels.mail = { host: "localhost", port: 25, from: `bs9@${host}`, ...channels.mail, to: mail };
  return channels;
}
