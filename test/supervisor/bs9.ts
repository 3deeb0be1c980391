// Runs the built bs9 on its own supervisor with its own home directory; everything that it started is ended with it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listProc, readProc } from "../../src/base/proc.ts";
import type { Status } from "../../src/status/schema.ts";
import { placePrefix } from "../runner/leftovers.ts";

const program = join(import.meta.dir, "../../dist/bs9");
const timeoutMs = 180_000;

/** Only root can create another namespace without a user namespace (unshare(1)). */
const asOrdinaryUser = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];

export type Outcome = { code: number; stdout: string; stderr: string };

export class Place {
  readonly folder: string;
  readonly env: { PATH: string; HOME: string; BS9_HOME: string; BS9_BACKEND: string };

  /** By default not below /tmp, because /tmp is open to every service of a home elsewhere. */
  constructor(folder = mkdtempSync(join(import.meta.dir, "../../dist", placePrefix(process.env["BS9_RUN"] ?? String(process.pid))))) {
    this.folder = folder;
    this.env = { PATH: "/usr/bin:/bin", HOME: folder, BS9_HOME: join(folder, "bs9"), BS9_BACKEND: "supervisor" };
  }

  async bs9(...argv: string[]): Promise<Outcome> {
    const child = Bun.spawn([program, ...argv], {
      cwd: this.folder,
      env: this.env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    const [stdout, stderr, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
    return { code, stdout, stderr };
  }

  /** Runs bs9 in the foreground; `unshared` runs it as PID 1 of its own namespace. */
  run(argv: string[], unshared = false): Bun.Subprocess<"ignore", "pipe", "pipe"> {
    const words = unshared
      ? ["unshare", ...asOrdinaryUser, "--pid", "--fork", "--mount-proc", "--kill-child", program, ...argv]
      : [program, ...argv];
    return Bun.spawn(words, { cwd: this.folder, env: this.env, stdio: ["ignore", "pipe", "pipe"] });
  }

  write(path: string, text: string): void {
    const file = join(this.folder, path);
    Bun.spawnSync(["mkdir", "-p", join(file, "..")]);
    writeFileSync(file, text);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  /** Creates the app of the fixtures in its project `web`, and a secret beside the project. */
  furnish(): void {
    this.write("web/app.ts", readFileSync(join(import.meta.dir, "../fixtures/web/app.ts"), "utf8"));
    this.write(".ssh/id", "secret");
  }

  async pidOf(name: string): Promise<number> {
    return (await this.statusOf(name)).pid ?? -1;
  }

  async statusOf(name: string): Promise<Status> {
    const { stdout, stderr } = await this.bs9("status", name, "--json");
    const [status] = JSON.parse(stdout || "[]") as Status[];
    if (status === undefined) throw new Error(`no status of ${name}: ${stderr}`);
    return status;
  }

  /** The pid of the supervisor that a command started in the background. */
  supervisor(): number | null {
    const isOurs = (pid: string) =>
      readProc(`${pid}/cmdline`)?.includes("\0run\0") === true &&
      readProc(`${pid}/environ`)?.includes(`BS9_HOME=${this.env.BS9_HOME}\0`) === true;
    const pid = listProc("").find((entry) => /^\d+$/.test(entry) && isOurs(entry));
    return pid === undefined ? null : Number(pid);
  }

  async down(): Promise<void> {
    await this.bs9("delete", "all", "--yes");
    const pid = this.supervisor();
    if (pid !== null) process.kill(pid, "SIGTERM");
    for (let i = 0; i < 200 && this.supervisor() !== null; i++) await Bun.sleep(25);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The JSON answer of a service on this machine. */
export async function get(port: number, path: string): Promise<Record<string, string>> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } });
  return response.json() as Promise<Record<string, string>>;
}

export function answers(port: number): () => Promise<boolean> {
  return () =>
    get(port, "/argv").then(
      () => true,
      () => false,
    );
}
