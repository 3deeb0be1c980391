// The table of what can be set: its key in config.toml, its variable, and what it means.
import type { Defaults } from "../service/defaults.ts";

export type Setting = {
  /** Under `[start]`, and the option of `start` of the same name. */
  key: string;
  field: keyof Defaults;
  kind: "text" | "number or text" | "truth";
  text: string;
  example: string | number | boolean;
  choices?: string[];
};

export const settings: Setting[] = [
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
    text: "how long it may take to be ready; a bare number is seconds",
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
  { key: "max-restarts", field: "maxRestarts", kind: "number or text", text: "give up after so many restarts", example: 10 },
  {
    key: "stop-timeout",
    field: "stopTimeoutMs",
    kind: "number or text",
    text: "time to end by itself before it is killed",
    example: "30s",
  },
  { key: "linger", field: "linger", kind: "truth", text: "ask that services outlive the session", example: true },
];

/** `restart-delay` -> `BS9_RESTART_DELAY`. */
export const variableOf = ({ key }: Setting): string => `BS9_${key.toUpperCase().replaceAll("-", "_")}`;
