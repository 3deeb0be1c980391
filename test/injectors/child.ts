// An app with the preload in a process of its own, as `bs9 start` would run it, and the same app without it.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { preloadText } from "../../src/injectors/preload-text.ts";
import { freePort, tempDir, until } from "../harness.ts";

export type Runtime = "bun" | "node";

const folder = tempDir();
const file = join(folder, "preload.cjs");
mkdirSync(join(folder, "sockets"));
await Bun.write(file, preloadText);
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const apps = join(import.meta.dir, "../fixtures/inject");

export function argvOf(runtime: Runtime, app: string, isBare = false): string[] {
  const path = join(apps, app);
  if (runtime === "bun") return [process.execPath, ...(isBare ? [] : ["--preload", file]), path];
  return ["node", ...(isBare ? [] : ["--require", file]), path];
}

export const envOf = (more: Record<string, string> = {}): Record<string, string | undefined> => ({
  ...process.env,
  NODE_ENV: "production",
  BS9_INJECT_DIR: join(folder, "sockets"),
  BS9_INJECT_STOP_MS: "10000",
  ...more,
});

export const socketOf = (pid: number): string => join(folder, "sockets", `${pid}.sock`);

/** A running app; it is killed where the test ends first. */
export class App {
  readonly port: number;
  readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">;

  constructor(
    runtime: Runtime,
    app: string,
    { isBare = false, env = {}, port = freePort() }: { isBare?: boolean; env?: Record<string, string>; port?: number } = {},
  ) {
    this.port = port;
    this.child = Bun.spawn(argvOf(runtime, app, isBare), {
      stdio: ["ignore", "pipe", "pipe"],
      env: envOf({ PORT: String(this.port), ...env }),
    });
  }

  /** Waits until the port accepts connections, without a request that would be counted. */
  async listens(): Promise<this> {
    const accepts = async () => {
      try {
        (await Bun.connect({ hostname: "127.0.0.1", port: this.port, socket: { data() {} } })).terminate();
        return true;
      } catch {
        return false;
      }
    };
    await until(accepts, { what: `the app accepts connections on port ${this.port}`, timeoutMs: 20_000 });
    return this;
  }

  get(path: string, options: RequestInit = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, options);
  }

  async ask(path: string, accept = "*/*"): Promise<Response> {
    const asked = () => fetch(`http://bs9${path}`, { unix: socketOf(this.child.pid), headers: { accept } });
    await until(async () => (await asked().catch(() => null)) !== null, { what: "the private socket answers", timeoutMs: 20_000 });
    return asked();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.exited;
  }
}

export type Counted = { method: string; route: string; status: string; value: number };

export async function countedBy(app: App): Promise<Counted[]> {
  const text = await (await app.ask("/metrics")).text();
  const lines = text.matchAll(/^http_requests_total\{method="(\w+)",route="([^"]*)",status="(\w+)"\} (\d+)$/gm);
  return [...lines].map(([, method = "", route = "", status = "", value]) => ({ method, route, status, value: Number(value) }));
}

/** The sums by method and status, as a client can count them too. */
export function tally(counted: readonly Counted[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { method, status, value } of counted) sums[`${method} ${status}`] = (sums[`${method} ${status}`] ?? 0) + value;
  return sums;
}
