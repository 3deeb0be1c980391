// The table of settings: the key in config.toml, the variable, and the meaning of each.
import { builtIn, type Defaults } from "../service/defaults.ts";
import { type Parse, parsers } from "../service/values.ts";
import { defaultHealth, type HealthSettings, healthParsers } from "./health.ts";
import { defaultKeeping, type Keeping, keepingParsers } from "./keeping.ts";
import { defaultWeb, firstWebPort, type WebSettings, webParsers } from "./web.ts";

export const sections = {
  start: "defaults of the options of bs9 start",
  metrics: "what the agent samples and keeps: a number of snapshots, or an age such as 7d",
  health: "how the agent probes services that run",
  web: "where the web server listens",
  inject: "what bs9 puts into apps",
} as const;

type Described<Field> = {
  /** In `[start]`, the name of the option of `bs9 start`. */
  key: string;
  field: Field;
  kind: "text" | "number or text" | "truth";
  text: string;
  example: string | number | boolean;
  choices?: string[];
  /** Shown as the built-in value of a setting that is not set. */
  ifUnset?: string;
};

export type Setting = Described<string> & {
  section: keyof typeof sections;
  parse: Parse<unknown>;
  builtIn: unknown;
  builtInText: string;
};

const ofStart: Described<keyof Defaults>[] = [
  {
    key: "runtime",
    field: "runtime",
    kind: "text",
    text: "what runs .ts and .js",
    example: "bun",
    choices: ["bs9", "bun", "node", "none"],
  },
  { key: "memory", field: "memoryBytes", kind: "number or text", text: "memory limit", example: "512M" },
  { key: "cpu", field: "cpuPercent", kind: "number or text", text: "CPU limit; 100% is one core", example: "50%" },
  { key: "files", field: "files", kind: "number or text", text: "open files", example: 65_536 },
  { key: "tasks", field: "tasks", kind: "number or text", text: "processes and threads", example: 512 },
  {
    key: "wait",
    field: "waitMs",
    kind: "number or text",
    text: "how long a service may take to become ready; a bare number is seconds",
    example: "30s",
  },
  { key: "sandbox", field: "sandbox", kind: "text", text: "sandbox profile", example: "standard", choices: ["standard", "strict", "off"] },
  { key: "require-sandbox", field: "requireSandbox", kind: "truth", text: "do not run unless the sandbox is effective", example: true },
  {
    key: "restart",
    field: "restart",
    kind: "text",
    text: "restart policy",
    example: "on-failure",
    choices: ["on-failure", "always", "no"],
  },
  {
    key: "restart-delay",
    field: "restartDelayMs",
    kind: "number or text",
    text: "delay of the third start; doubles up to 30s",
    example: "1s",
  },
  { key: "max-restarts", field: "maxRestarts", kind: "number or text", text: "give up after this many restarts", example: 10 },
  {
    key: "stop-timeout",
    field: "stopTimeoutMs",
    kind: "number or text",
    text: "time that a service has to end before it is killed",
    example: "30s",
  },
  { key: "linger", field: "linger", kind: "truth", text: "let services keep running after logout", example: true },
];

const ofInject: Described<keyof Defaults>[] = [
  {
    key: "metrics-on-port",
    field: "metricsOnPort",
    kind: "truth",
    text: "answer /metrics on the app's own port too, from its next restart on",
    example: true,
  },
];

const ofMetrics: Described<keyof Keeping>[] = [
  {
    key: "interval",
    field: "intervalMs",
    kind: "number or text",
    text: "time between two samples; a bare number is seconds",
    example: "5s",
  },
  { key: "keep-raw", field: "raw", kind: "number or text", text: "raw samples", example: 1000 },
  { key: "keep-1m", field: "minutes", kind: "number or text", text: "one value per minute", example: "16h" },
  { key: "keep-10m", field: "tens", kind: "number or text", text: "one value per ten minutes", example: "7d" },
  { key: "keep-1h", field: "hours", kind: "number or text", text: "one value per hour", example: 1000 },
];

const ofHealth: Described<keyof HealthSettings>[] = [
  {
    key: "interval",
    field: "intervalMs",
    kind: "number or text",
    text: "time between two probes of a service; a bare number is seconds",
    example: "10s",
  },
  {
    key: "timeout",
    field: "timeoutMs",
    kind: "number or text",
    text: "time a probe may take; a bare number is seconds",
    example: "5s",
  },
  { key: "unhealthy-after", field: "unhealthyAfter", kind: "number or text", text: "failures in a row that make it unhealthy", example: 3 },
  {
    key: "healthy-after",
    field: "healthyAfter",
    kind: "number or text",
    text: "successes in a row that make it healthy again",
    example: 1,
  },
];

const ofWeb: Described<keyof WebSettings>[] = [
  { key: "host", field: "host", kind: "text", text: "address to listen on", example: "127.0.0.1" },
  {
    key: "port",
    field: "port",
    kind: "number or text",
    text: "port to listen on",
    example: firstWebPort,
    ifUnset: `${firstWebPort}, or the next free port`,
  },
  {
    key: "public-url",
    field: "publicUrl",
    kind: "text",
    text: "address under which a reverse proxy shows the web server",
    example: "https://ops.example.com/bs9/",
  },
];

export const settings: Setting[] = [
  ...sectionOf("start", ofStart, parsers, builtIn),
  ...sectionOf("metrics", ofMetrics, keepingParsers, defaultKeeping),
  ...sectionOf("health", ofHealth, healthParsers, defaultHealth),
  ...sectionOf("web", ofWeb, webParsers, defaultWeb),
  ...sectionOf("inject", ofInject, parsers, builtIn),
];

function sectionOf<Values extends object>(
  section: Setting["section"],
  rows: Described<keyof Values & string>[],
  parse: { [K in keyof Values]: Parse<unknown> },
  values: Values,
): Setting[] {
  return rows.map((row) => {
    const value = values[row.field];
    return { ...row, section, parse: parse[row.field], builtIn: value, builtInText: row.ifUnset ?? builtInText(row.field, value) };
  });
}

function builtInText(field: string, value: unknown): string {
  if (value === null) return "none";
  if (typeof value === "object" && "snapshots" in value) return String(value.snapshots);
  return field.endsWith("Ms") ? `${Number(value) / 1000}s` : String(value);
}

/** The name of a setting where it stands alone: `memory`, `metrics.interval`. */
export const settingName = ({ section, key }: Setting): string => (section === "start" ? key : `${section}.${key}`);

/**
 * `restart-delay` becomes `BS9_RESTART_DELAY`; null for settings of the agent, which does not have the variables of a shell, for
 * those of the web server but its port, and for what bs9 puts into apps.
 */
export const variableOf = ({ section, key }: Setting): string | null => {
  if (section === "web") return key === "port" ? "WEB_DASHBOARD_PORT" : null;
  return section === "start" ? `BS9_${key.toUpperCase().replaceAll("-", "_")}` : null;
};
