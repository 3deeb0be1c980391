// The private unix socket of a process, on which bs9 asks for health and metrics.
import type { ListenOptions, Server as NetServer } from "node:net";
import { type OwnAnswer, privateAnswer } from "./answers.ts";
import { attempt, complain } from "./attempt.ts";
import { load } from "./builtin.ts";
import { watchCollections } from "./collections.ts";
import { watchLoop } from "./loop-lag.ts";
import { privateServers } from "./node-http.ts";
import { OwnResponse } from "./own.ts";
import { pathOf } from "./paths.ts";

const maxHeadBytes = 8192;
const limitMs = 5000;
let path: string | null = null;

/** Listens once, on `PID.sock` in this directory. `serve` is the Bun.serve that counts nothing; null on Node. */
export function openSocket(directory: string, serve: typeof Bun.serve | null): void {
  if (path !== null) return;
  path = `${directory}/${process.pid}.sock`;
  removeSocket(); // an older process with this pid may have left one
  removeLeft(directory);
  if (serve === null) listenOnNode(path);
  else listenOnBun(path, serve);
  process.on("exit", removeSocket);
  watchLoop();
  watchCollections();
}

/**
 * Removes the sockets of processes that do not exist any more: a process that a signal ended leaves its socket behind, and the
 * directory holds a limited number of files. /proc is not asked, because it may hide the processes of other users.
 */
function removeLeft(directory: string): void {
  try {
    const { readdirSync, unlinkSync } = load<typeof import("node:fs")>("node:fs");
    for (const name of readdirSync(directory)) {
      const [, pid] = /^([1-9]\d*)\.sock$/.exec(name) ?? [];
      if (pid !== undefined && !isLiving(Number(pid))) unlinkSync(`${directory}/${name}`);
    }
  } catch {
    // The directory cannot be read, or another process has removed the same socket.
  }
}

function isLiving(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

export function removeSocket(): void {
  if (path === null) return;
  try {
    load<typeof import("node:fs")>("node:fs").unlinkSync(path);
  } catch {
    // it is not there
  }
}

function listenOnBun(unix: string, serve: typeof Bun.serve): void {
  const server = serve({
    unix,
    fetch(request) {
      const { status, type, body } = privateAnswer(pathOf(request.url), request.headers.get("accept") ?? "");
      return new OwnResponse(body, { status, headers: { "content-type": type, connection: "close" } });
    },
    error: () => new OwnResponse("bs9: no answer\n", { status: 500 }),
  });
  server.unref();
}

/** With node:net alone, because an app without HTTP does not load node:http. */
function listenOnNode(unix: string): void {
  const { createServer } = load<typeof import("node:net")>("node:net");
  const server: NetServer = createServer((socket) => {
    let head = "";
    socket.unref();
    socket.setTimeout(limitMs, () => socket.destroy());
    socket.on("error", () => socket.destroy());
    const take = (bytes: Buffer) => {
      head += bytes.toString("latin1");
      if (head.includes("\r\n\r\n")) socket.end(text(answerTo(head)));
      else if (head.length > maxHeadBytes) socket.destroy();
    };
    socket.on("data", (bytes) => attempt(() => take(bytes as Buffer)));
  });
  privateServers.add(server);
  server.on("error", complain);
  server.maxConnections = 64;
  // Not by the primary process of node:cluster, which would have the socket and pass on what arrives.
  server.listen({ __proto__: null, path: unix, exclusive: true } as ListenOptions);
  server.unref();
}

function answerTo(head: string): OwnAnswer {
  const target = head.split(" ", 2)[1] ?? "";
  const accept = /\r\naccept: *([^\r]*)/i.exec(head)?.[1] ?? "";
  try {
    return privateAnswer(pathOf(target), accept);
  } catch {
    return { status: 500, type: "text/plain", body: "bs9: no answer\n" };
  }
}

function text({ status, type, body }: OwnAnswer): string {
  const length = Buffer.byteLength(body);
  return `HTTP/1.1 ${status} bs9\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${body}`;
}
