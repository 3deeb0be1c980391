// The options of `bs9 alert` that change alerts.json.
import type { AlertEdits } from "../alerting/config/edit.ts";
import { usage } from "../base/errors.ts";
import { parseBytes, parseDuration } from "../base/quantities.ts";
import type { OptionValues } from "./command.ts";
import { flagOf, parsed, textOf } from "./options.ts";

const changing = ["cpu", "memory", "errorRate", "uptime", "health", "for", "webhook", "mail", "heartbeat", "cooldown", "enable", "disable"];

/** The given options that change alerts.json. */
export const editsIn = (options: OptionValues): string[] =>
  changing.filter((name) => options[name] !== undefined && options[name] !== false);

export function alertEdits(options: OptionValues, service: string | undefined): AlertEdits {
  const health = healthIn(options);
  const edits: AlertEdits = {
    thresholds: {
      ...given("cpu", parsed(options, "cpu", percentOrOff)),
      ...given("memory", parsed(options, "memory", amountOrOff)),
      ...given("errorRate", parsed(options, "errorRate", percentOrOff)),
      ...given("uptime", parsed(options, "uptime", percentOrOff)),
    },
    ...given("health", health),
    ...given("service", service),
    ...given("for", parsed(options, "for", durationText)),
    ...given("webhook", textOf(options, "webhook")),
    ...given("mail", textOf(options, "mail")),
    ...given("heartbeat", textOf(options, "heartbeat")),
    ...given(
      "cooldownSeconds",
      parsed(options, "cooldown", (text, what) => parseDuration(text, what) / 1000),
    ),
    ...given("enabled", enabledIn(options)),
  };
  if (edits.for !== undefined && Object.keys(edits.thresholds).length === 0 && health === undefined)
    throw usage("--for needs a threshold in the same command", { hint: "bs9 alert --cpu 90 --for 30s" });
  if (edits.for !== undefined && [...Object.values(edits.thresholds), health].every((value) => value === "off" || value === undefined))
    throw usage("--for cannot be used with off, because a rule that is off has no time", { hint: "bs9 alert --cpu 90 --for 30s" });
  const isForAll = ["webhook", "mail", "heartbeat", "cooldown", "enable", "disable"].find((name) => options[name] !== undefined);
  if (service !== undefined && isForAll !== undefined)
    throw usage(`--${isForAll} holds for all services, so it cannot be used with --service`, { hint: "bs9 help alert" });
  return edits;
}

function given<K extends string, V>(name: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [key in K]?: V });
}

function percentOrOff(text: string, what: string): number | "off" {
  if (text === "off") return "off";
  const value = /^\d{1,6}(\.\d{1,3})?\s*%?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (Number.isNaN(value)) throw usage(`${what} must be a percentage such as 90, or off (got '${text}')`);
  return value;
}

/** A bare number is a percentage, because a limit in bytes is never that small. */
function amountOrOff(text: string, what: string): number | string {
  if (text === "off" || /^\d+(\.\d+)?\s*%?$/.test(text)) return percentOrOff(text, what);
  parseBytes(text, what);
  return text;
}

function durationText(text: string, what: string): string {
  parseDuration(text, what);
  return text;
}

function healthIn({ health }: OptionValues): "on" | "off" | undefined {
  if (health === undefined || health === false) return undefined;
  if (health === true || health === "on") return "on";
  if (health === "off") return "off";
  throw usage(`--health takes off, or no value (got '${String(health)}')`, { hint: "bs9 alert --health off" });
}

function enabledIn(options: OptionValues): boolean | undefined {
  const [isOn, isOff] = [flagOf(options, "enable"), flagOf(options, "disable")];
  if (isOn && isOff) throw usage("--enable and --disable cannot be used together", { hint: "bs9 help alert" });
  return isOn ? true : isOff ? false : undefined;
}
