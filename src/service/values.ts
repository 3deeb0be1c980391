// Parses the values of options of `start` as people write them, with their limits: used for flags, variables and config.toml.
import { usage } from "../base/errors.ts";
import { parseBytes, parseDuration, parsePercent, parseWhole } from "../base/quantities.ts";
import type { Defaults } from "./defaults.ts";
import type { HealthCheck, Spec } from "./spec.ts";

/** Throws a usage error that begins with `what`: the option, variable or key. */
export type Parse<T> = (text: string, what: string) => T;

export const parsers = {
  memoryBytes: (text, what) => atLeast(parseBytes(text, what), 1024 * 1024, text, what, "1M"),
  cpuPercent: (text, what) => atLeast(parsePercent(text, what), 1, text, what, "1%"),
  files: (text, what) => parseWhole(text, what, 64, 1_048_576),
  tasks: (text, what) => parseWhole(text, what, 1, 4_194_304),
  waitMs: (text, what) => atMost(parseDuration(text, what), 3_600_000, text, what, "1h", unitless(text)),
  sandbox: oneOf(["standard", "strict", "off"]),
  requireSandbox: truth,
  restart: oneOf(["on-failure", "always", "no"]),
  restartDelayMs: (text, what) => atMost(parseDuration(text, what), 30_000, text, what, "30s", unitless(text)),
  maxRestarts: parseMaxRestarts,
  // 0 would mean infinity to systemd.
  stopTimeoutMs: (text, what) =>
    atLeast(atMost(parseDuration(text, what), 3_600_000, text, what, "1h", unitless(text)), 1, text, what, "1ms"),
  runtime: oneOf(["bs9", "bun", "node", "none"]),
  linger: truth,
  metricsOnPort: truth,
} satisfies { [K in keyof Defaults]: Parse<NonNullable<Defaults[K]>> };

/** PM2 counts such numbers in milliseconds. */
const unitless = (text: string): string =>
  /^\d+$/.test(text) ? `; a number without a unit means seconds, and PM2's milliseconds are written ${text}ms` : "";

export const parsePort: Parse<number> = (text, what) => parseWhole(text, what, 1, 65535);

export const parseLog: Parse<Spec["log"]> = oneOf(["journal", "file"]);

export function parseHealth(text: string, what: string): HealthCheck {
  if (text.startsWith("/")) return { kind: "path", path: text };
  if (text.startsWith("tcp:")) return { kind: "tcp", port: parseWhole(text.slice(4), `${what} tcp:`, 1, 65535) };
  if (text.startsWith("cmd:") && text.length > 4) return { kind: "cmd", command: text.slice(4) };
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return { kind: "url", url: text };
  throw usage(`${what} must be a path such as /healthz, a URL, tcp:PORT or cmd:COMMAND (got '${text}')`);
}

/** The health check as it is written on the command line. */
export function healthText(health: HealthCheck): string {
  switch (health.kind) {
    case "path":
      return health.path;
    case "url":
      return health.url;
    case "tcp":
      return `tcp:${health.port}`;
    case "cmd":
      return `cmd:${health.command}`;
  }
}

function oneOf<const T extends string>(words: readonly T[]): Parse<T> {
  return (text, what) => {
    const found = words.find((word) => word === text);
    if (found === undefined) throw usage(`${what} must be one of ${words.join(", ")} (got '${text}')`);
    return found;
  };
}

function truth(text: string, what: string): boolean {
  if (/^(true|yes|1)$/i.test(text)) return true;
  if (/^(false|no|0)$/i.test(text)) return false;
  throw usage(`${what} must be true or false (got '${text}')`);
}

function parseMaxRestarts(text: string, what: string): number {
  if (text.trim() === "0") throw usage(`${what} cannot be 0`, { hint: "bs9 start … --restart no" });
  return parseWhole(text, what, 1, 10_000);
}

function atLeast(value: number, min: number, text: string, what: string, written: string): number {
  if (value < min) throw usage(`${what} must be at least ${written} (got '${text}')`);
  return value;
}

function atMost(value: number, max: number, text: string, what: string, written: string, note = ""): number {
  if (value > max) throw usage(`${what} must be at most ${written} (got '${text}')${note}`);
  return value;
}
