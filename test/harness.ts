// The basis of the tests: a lab with a real systemd, the built executable, and waiting for conditions.
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Answer, type Asked, LabFetch } from "./lab-fetch.ts";
import { type Outcome, type Running, type RunOptions, run, running, succeed, withEnv } from "./programs.ts";

export { type Outcome, type Running, type RunOptions, run, succeed } from "./programs.ts";

const top = join(import.meta.dir, "..");
const labScript = join(import.meta.dir, "lab.sh");

export type User = "ops" | "dev" | "root";

export type LabOptions = {
  /** The users whose ~/.local/bin gets dist/bs9; ops by default. */
  bs9?: User[];
  /** If false, no user manager in the lab may create a user namespace. */
  userNamespaces?: boolean;
  /** If false, nothing that systemd starts in the lab can use Landlock. */
  landlock?: boolean;
  keepNode?: boolean;
  /** Uses the network of this machine instead of a separate loopback. */
  hostNetwork?: boolean;
  /** A directory that is visible inside as /src; the repository by default. */
  folder?: string;
  writable?: boolean;
};

export type Lab = {
  name: string;
  /** Runs a program of a user in the lab as after a login; throws only when the program exceeds its time limit. */
  asUser(user: User, argv: string[], options?: RunOptions): Promise<Outcome>;
  /** Runs a program as root without XDG_RUNTIME_DIR and HOME. */
  asRoot(argv: string[], options?: RunOptions): Promise<Outcome>;
  start(user: User, argv: string[], env?: RunOptions["env"]): Running;
  /** Sends a request to 127.0.0.1 of the lab, POST where it has a body. Throws where nothing answers. */
  fetch(asked: Asked): Promise<Answer>;
  /** Writes a file of that user, with its parent directories; a relative path starts in the user's home. */
  writeFile(user: User, path: string, text: string | Uint8Array, mode?: string): Promise<void>;
  reboot(): Promise<void>;
  down(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Boots a lab (a machine with a real systemd in a container); it ends with `down()`, and in any case with this process. */
export async function lab(name: string, options: LabOptions = {}): Promise<Lab> {
  const full = `${name}-${process.pid}`;
  const flags = [
    "--owner",
    String(process.pid),
    ...(options.userNamespaces === false ? ["--no-userns"] : []),
    ...(options.landlock === false ? ["--no-landlock"] : []),
    ...(options.keepNode ? ["--keep-node"] : []),
    ...(options.hostNetwork ? ["--host-net"] : []),
    ...(options.folder === undefined ? [] : ["--dir", options.folder]),
    ...(options.writable ? ["--rw"] : []),
  ];
  const script = (verb: string, rest: string[] = []) => ["bash", labScript, verb, full, ...rest];
  const act = async (verb: string, rest: string[] = []): Promise<void> => {
    succeed(await run(script(verb, rest), { timeoutMs: 600_000 }), `lab.sh ${verb}`);
  };
  // lab.sh searches all of /proc for the first process of the lab, so its answer is cached until the next reboot.
  const words = new Map<User | null, string[]>();
  const wordsFor = async (user: User | null): Promise<string[]> => {
    const known = words.get(user);
    if (known !== undefined) return known;
    const { stdout } = succeed(await run(script("words", user === null ? [] : [user])), "lab.sh words");
    words.set(user, stdout.trimEnd().split("\n"));
    return wordsFor(user);
  };
  const asUser: Lab["asUser"] = async (user, argv, { env, ...rest } = {}) =>
    run([...(await wordsFor(user)), ...withEnv(env), ...argv], rest);
  const asRoot: Lab["asRoot"] = async (argv, { env, ...rest } = {}) => run([...(await wordsFor(null)), ...withEnv(env), ...argv], rest);
  const writeFile: Lab["writeFile"] = async (user, path, text, mode = "644") => {
    const write = 'mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"';
    succeed(await asUser(user, ["sh", "-c", write, "sh", path, mode], { input: text }), `write ${path}`);
  };
  let fetcher: LabFetch | null = null;
  const endFetcher = () => {
    fetcher?.close();
    fetcher = null;
  };
  const down = () => {
    endFetcher();
    return act("down");
  };

  await act("up", flags);
  for (const user of options.bs9 ?? ["ops"]) {
    await writeFile(user, ".local/bin/bs9", await Bun.file(binary()).bytes(), "755");
  }
  return {
    name: full,
    asUser,
    asRoot,
    start: (user, argv, env) => running([...(words.get(user) ?? script("user", [user])), ...withEnv(env), ...argv]),
    fetch: async (asked) => {
      // Enters only the network of the lab: Bun and this checkout are those of the host.
      const enter = (await wordsFor(null)).with(-1, "--net");
      fetcher ??= new LabFetch(enter);
      return fetcher.ask(asked);
    },
    writeFile,
    reboot: () => {
      words.clear();
      endFetcher();
      return act("reboot");
    },
    down,
    [Symbol.asyncDispose]: down,
  };
}

/** Why no lab can be booted on this machine, or null. */
export function whyNoLab(): string | null {
  const asked = Bun.spawnSync(["bash", labScript, "can"], { timeout: 10_000 });
  return asked.success ? null : asked.stdout.toString().trim() || "bash is not here";
}

/** The built executable. */
export function binary(): string {
  const path = join(top, "dist/bs9");
  if (!existsSync(path)) throw new Error("dist/bs9 is not built; npm run build");
  return path;
}

/**
 * The time limit of a wait is multiplied by this factor. The limit only keeps a test from hanging and measures nothing, so a
 * busy machine gets three times as long.
 */
const patience = 3;

/** Polls until the condition is truthy and returns its value. A condition that throws is not met yet. */
export async function until<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 10_000, what }: { timeoutMs?: number; what: string },
): Promise<NonNullable<T>> {
  const end = performance.now() + timeoutMs * patience;
  let last: unknown;
  do {
    const askedAt = performance.now();
    try {
      const met = await condition();
      if (met) return met;
      last = met;
    } catch (error) {
      last = error;
    }
    // A condition that runs bs9 takes a tenth of a second of CPU, which the service that it waits for needs.
    await Bun.sleep(Math.min(500, Math.max(50, 1.5 * (performance.now() - askedAt))));
  } while (performance.now() < end);
  throw new Error(`waited ${timeoutMs * patience} ms in vain: ${what} (last: ${Bun.inspect(last)})`);
}

let nextPort = Number(process.env["BS9_TEST_PORT"] ?? 25_000 + (process.pid % 350) * 20);

/**
 * A port of this machine that nothing listens on; in a lab with its own network every port is free. test/runner/pool.ts gives
 * each test file that runs at the same time separate ports, so that two files never get the same port.
 */
export function freePort(): number {
  for (;;) {
    const port = nextPort++;
    try {
      Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }).stop(true);
      return port;
    } catch {
      // taken
    }
  }
}

/** Creates a new directory; test/main.ts removes all of them. */
export function tempDir(): string {
  return mkdtempSync(join(tmpdir(), "bs9-test-"));
}
