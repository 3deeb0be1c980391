// A release server, a stand-in for the bs9 that it serves, and a home directory to install to.
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Outcome, run, tempDir } from "../harness.ts";

export const script = join(import.meta.dir, "../../install.sh");
export const program = `bs9-linux-${process.arch}`;

/** The shells of this machine that the script supports. */
export const shells: string[][] = [["dash"], ["busybox", "sh"], ["bash", "--posix"]].filter(([name]) => Bun.which(name ?? "") !== null);
for (const name of ["dash", "busybox"]) {
  if (Bun.which(name) === null) console.log(`skipped: install.sh under ${name}, because ${name} is not installed; apt-get install ${name}`);
}

/** Prints what bs9 would print, and records how it was called. */
export function standIn(version: string, { bytes = 20_000, doctor = false } = {}): Uint8Array<ArrayBuffer> {
  const code = `#!/bin/sh
case $1 in
  version) echo "bs9 ${version} (stand-in)" ;;
  help) [ "$2" != doctor ] || exit ${doctor ? 0 : 2} ;;
  doctor)
    [ "$2" = --quiet ] || { echo "doctor was here"; exit 1; }
    # The agent is back at the third look.
    echo >>"$HOME/looks"
    [ "$(wc -l <"$HOME/looks")" -ge 3 ] || echo agent ;;
  delete) echo "$*" >"$HOME/deleted"; rm -f "\${BS9_HOME:-$HOME/.config/bs9}"/services/*.json ;;
esac
exit
`;
  return new TextEncoder().encode(code + "#".repeat(bytes - code.length));
}

export type Files = Record<string, Uint8Array>;

export function sumsOf(files: Files): Uint8Array {
  const lines = Object.entries(files).map(([name, bytes]) => `${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}  ${name}\n`);
  return new TextEncoder().encode(lines.join(""));
}

export function releaseOf(bytes: Uint8Array): Files {
  const files = { [program]: bytes };
  return { ...files, SHA256SUMS: sumsOf(files) };
}

export type Server = { url: string; asked: string[]; [Symbol.dispose](): void };

export function serve(files: Files): Server {
  const asked: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const name = new URL(request.url).pathname.slice(1);
      asked.push(name);
      const bytes = files[name];
      return bytes === undefined ? new Response("no", { status: 404 }) : new Response(bytes);
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, asked, [Symbol.dispose]: () => void server.stop(true) };
}

/** A server whose answer ends, or stalls, after some bytes of one file; `declared`: it announces the full length. */
export function serveCut(files: Files, cut: { name: string; at: number; declared: boolean; thenHang?: boolean }): Server {
  const asked: string[] = [];
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket, chunk) {
        const name = /^GET \/(\S*)/.exec(chunk.toString())?.[1] ?? "";
        asked.push(name);
        const bytes = files[name] ?? new Uint8Array();
        const isCut = name === cut.name;
        const length = isCut && !cut.declared ? "" : `Content-Length: ${bytes.length}\r\n`;
        socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\n${length}\r\n`);
        socket.write(isCut ? bytes.slice(0, cut.at) : bytes);
        if (!isCut || !cut.thenHang) socket.end();
      },
    },
  });
  return { url: `http://127.0.0.1:${listener.port}`, asked, [Symbol.dispose]: () => listener.stop(true) };
}

export type Home = {
  path: string;
  bin: string;
  /** Runs install.sh with `--to` the bin directory of this home. */
  install(shell: string[], options: string[], env?: Record<string, string | undefined>): Promise<Outcome>;
  /** Runs install.sh in the same way, but the shell reads its text, complete or not, from stdin. */
  pipe(shell: string[], text: Uint8Array, options: string[], env?: Record<string, string | undefined>): Promise<Outcome>;
  put(path: string, text: string | Uint8Array, mode?: number): string;
  /** Names and contents in the bin directory. */
  state(): Record<string, string>;
};

export function home(): Home {
  const path = tempDir();
  const bin = join(path, ".local/bin");
  const unset = ["BS9_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "BS9_RELEASE_URL"];
  const bare = { ...Object.fromEntries(unset.map((variable) => [variable, undefined])), HOME: path };
  const environment = (env?: Record<string, string | undefined>) => ({ ...bare, ...env });
  return {
    path,
    bin,
    install: (shell, options, env) => run([...shell, script, "--to", bin, ...options], { env: environment(env) }),
    pipe: (shell, text, options, env) => run([...shell, "-s", "--", "--to", bin, ...options], { input: text, env: environment(env) }),
    put(name, text, mode = 0o644) {
      const file = join(path, name);
      mkdirSync(join(file, ".."), { recursive: true });
      writeFileSync(file, text, { mode });
      return file;
    },
    state() {
      if (!existsSync(bin)) return {};
      return Object.fromEntries(
        readdirSync(bin)
          .sort()
          .map((name) => [name, readFileSync(join(bin, name), "utf8")]),
      );
    },
  };
}

/** A home directory with 1.0 installed, and 0.9 as the previous version. */
export function settled(): Home {
  const it = home();
  it.put(".local/bin/bs9", standIn("1.0"), 0o755);
  it.put(".local/bin/bs9.old", standIn("0.9"), 0o755);
  return it;
}

export async function versionIn(it: Home, name = "bs9"): Promise<string> {
  return (await run([join(it.bin, name), "version"])).stdout.split(" ")[1] ?? "";
}

/** A directory with only the applets of busybox, or with links to the named programs. */
export function pathOf(programs: string[]): string {
  const folder = tempDir();
  for (const name of programs) {
    const found = Bun.which(name);
    if (found !== null) symlinkSync(found, join(folder, name));
  }
  return folder;
}
