// The environment of one test of a backend: the backend, services that are small shell scripts, and the files that they write.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import type { Backend, LogRecord, Reading, State } from "../../src/backend/backend.ts";
import { Spec } from "../../src/service/spec.ts";
import { until } from "../harness.ts";

export type Place = {
  backend: Backend;
  /** The home directory of the user; the project is a directory in it. */
  home: string;
  /** Kills without warning the process that keeps services running: the supervisor, or the user manager of systemd. */
  lose(): Promise<void>;
  down(): Promise<void>;
};

type Changes = {
  args?: string[];
  env?: Record<string, string>;
  limits?: Partial<Spec["limits"]>;
  restart?: Partial<Spec["restart"]>;
  sandbox?: Spec["sandbox"]["profile"];
  stopTimeoutMs?: number;
};

/** Runs until it is told to stop. */
export const sleeper = "exec sleep 1000";

export class Stage {
  readonly place: Place;
  readonly #made = new Map<string, Spec>();
  /** The journal still has lines from services of the same name in other cases. */
  readonly #beganMs = Date.now();

  constructor(place: Place) {
    this.place = place;
  }

  get backend(): Backend {
    return this.place.backend;
  }

  get root(): string {
    return join(this.place.home, "project");
  }

  /** A service that runs this shell script; it is deleted at the end of the case. */
  spec(name: string, script: string, changes: Changes = {}): Spec {
    const path = join(this.root, "bin", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, script.startsWith("#!") ? script : `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    const spec = v.parse(Spec, {
      version: 1,
      name,
      entry: { kind: "executable", path },
      args: changes.args ?? [],
      root: this.root,
      cwd: this.root,
      runtime: { kind: "none" },
      port: null,
      env: changes.env ?? {},
      path: "/usr/bin:/bin",
      limits: { memoryBytes: null, cpuPercent: null, files: 4096, tasks: 512, ...changes.limits },
      health: null,
      waitMs: 0,
      sandbox: { profile: changes.sandbox ?? "standard", writable: [], readable: [], required: false },
      restart: { policy: "on-failure", delayMs: 100, max: null, ...changes.restart },
      stopTimeoutMs: changes.stopTimeoutMs ?? 5000,
    });
    this.#made.set(name, spec);
    return spec;
  }

  async define(...specs: Spec[]): Promise<void> {
    const [trouble] = await this.backend.define(specs);
    if (trouble !== undefined) throw new Error(`${trouble[0]} was not defined`, { cause: trouble[1] });
  }

  /** Defines and starts the service, and waits until its program was executed. */
  async up(spec: Spec): Promise<Reading & { mainPid: number }> {
    await this.define(spec);
    await this.backend.start([spec]);
    return this.live(spec);
  }

  /** Resolves once the main process is the script, and no longer a launcher. */
  async live(spec: Spec, isIt: (reading: Reading) => boolean = () => true): Promise<Reading & { mainPid: number }> {
    return until(
      async () => {
        const reading = await this.read(spec.name);
        const { state, mainPid } = reading;
        return state === "active" && mainPid !== null && isIt(reading) ? { ...reading, mainPid } : null;
      },
      { what: `${spec.name} runs` },
    );
  }

  async read(name: string): Promise<Reading> {
    const [reading] = await this.backend.read([name]);
    if (reading === undefined) throw new Error(`no reading of ${name}`);
    return reading;
  }

  reached(name: string, state: State): Promise<Reading> {
    return until(
      async () => {
        const reading = await this.read(name);
        return reading.state === state ? reading : null;
      },
      { what: `${name} is ${state}`, timeoutMs: 20_000 },
    );
  }

  /** The content of a file that the service wrote into the project directory; null where it does not exist. */
  wrote(file: string): string | null {
    const path = join(this.root, file);
    return existsSync(path) ? readFileSync(path, "utf8") : null;
  }

  async lines(name: string, lines: number | null = null, more: Partial<Parameters<Backend["logs"]>[0]> = {}): Promise<LogRecord[]> {
    const query = { services: [name], lines, sinceMs: this.#beganMs, untilMs: null, follow: false, ...more };
    return Array.fromAsync(this.backend.logs(query, new AbortController().signal));
  }

  async clear(): Promise<void> {
    const specs = [...this.#made.values()];
    const names = [...this.#made.keys()];
    const defined: Spec[] = [];
    for (const spec of specs) if (await this.backend.isDefined(spec).catch(() => true)) defined.push(spec);
    if (defined.length > 0) await this.backend.stop(defined);
    await this.backend.want(names, false);
    await this.backend.undefine(names);
    rmSync(this.root, { recursive: true, force: true });
  }
}

export const isRunning = (pid: number): boolean => {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};
