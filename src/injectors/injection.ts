// What a spec with the preload adds to its process: words of the command line, variables and opened paths. Pure.
import { join } from "node:path";
import { environmentOf, type Spec } from "../service/spec.ts";

export type Injection = {
  /** The words between the runtime and the entry. */
  flags: string[];
  env: Record<string, string>;
  /** The directory of the preload, which the service has to read. */
  folder: string;
  /** The directory in which the processes of the service make their sockets. */
  sockets: string;
};

/** The directory of the preload of one version; without a version, the directory of all. */
export const preloadFolder = (share: string, version: string): string => join(share, "inject", version);
/** The same file serves both runtimes; with this ending, both read it as a CommonJS module whatever package.json says. */
export const preloadFile = (share: string, version: string): string => join(preloadFolder(share, version), "preload.cjs");

/** Null for a service without the preload. `sockets` is the directory that the backend gives to this service. */
export function injectionOf(spec: Spec, share: string, sockets: string): Injection | null {
  const { inject, stopTimeoutMs } = spec;
  if (inject === undefined || inject.by === "none") return null;
  const file = preloadFile(share, inject.version);
  const given = environmentOf(spec)["NODE_OPTIONS"];
  const flags = { preload: ["--preload", file], require: ["--require", file], NODE_OPTIONS: [] };
  return {
    flags: flags[inject.by],
    env: {
      ...(inject.by === "NODE_OPTIONS" ? { NODE_OPTIONS: [given, `--require=${quoted(file)}`].filter(Boolean).join(" ") } : {}),
      BS9_INJECT_DIR: sockets,
      BS9_INJECT_STOP_MS: String(stopTimeoutMs),
      ...(inject.metricsOnPort === true ? { BS9_INJECT_METRICS_ON_PORT: "1" } : {}),
    },
    folder: preloadFolder(share, inject.version),
    sockets,
  };
}

/** As NODE_OPTIONS wants a word that may contain spaces (node(1)). */
const quoted = (word: string): string => `"${word.replace(/["\\]/g, "\\$&")}"`;
