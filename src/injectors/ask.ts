// Asks a process for what its preload tells: one HTTP request over the socket that the preload made. The service writes the
// directory of the sockets, so nothing in it is trusted: no link is followed, and each answer has a limit in bytes and in time.
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync } from "node:fs";
import { join } from "node:path";
import { hasFullBacklog } from "../base/libc.ts";

/**
 * `silent`: it did not answer in time, or takes no more connections because it has accepted none for a while; `absent`: there is
 * no preload, or no sense in its answer.
 */
export type PreloadAnswer = { status: number; body: string } | "silent" | "absent";

/** At most this many processes of one service are asked. */
const maxSockets = 16;
/** At most this many processes of one service are looked at. */
const maxPids = 256;
/** The preload answers with at most 200 KB. */
const maxBodyBytes = 200 * 1024;
const maxHeadBytes = 16 * 1024;
/** Opens a file without reading from it: a FIFO does not block, and the descriptor names exactly this file (open(2)). */
const O_PATH = 0o10000000;

/** In a sandbox, the directory of the sockets is a mount of the service's own, which only its processes show (proc_pid_root(5)). */
function placesOf(folder: string, pid: number): string[] {
  const file = join(folder, `${pid}.sock`);
  return [file, `/proc/${pid}/root${file}`];
}

/** The processes that have a socket. Only names of living processes are looked up, however many files there are. */
export function pidsWithSocket(folder: string, pids: readonly number[]): number[] {
  const found: number[] = [];
  for (const pid of pids.slice(0, maxPids)) {
    if (socketOf(folder, pid) !== null) found.push(pid);
    if (found.length === maxSockets) break;
  }
  return found;
}

/** Identifies the socket of a process; null where it has none. */
export function socketId(folder: string, pid: number): string | null {
  const { stat } = socketOf(folder, pid) ?? {};
  return stat === undefined ? null : `${stat.dev}:${stat.ino}:${stat.ctimeNs}`;
}

/** Null for a link: a service may make one to a socket of another program. */
function socketOf(folder: string, pid: number): { path: string; stat: BigIntStats } | null {
  for (const path of placesOf(folder, pid)) {
    try {
      const stat = lstatSync(path, { bigint: true });
      if (stat.isSocket()) return { path, stat };
    } catch {
      // It is not there, or the process has ended.
    }
  }
  return null;
}

/** Never throws. */
export async function askPreload(folder: string, pid: number, path: string, timeoutMs: number): Promise<PreloadAnswer> {
  const { path: file } = socketOf(folder, pid) ?? {};
  if (file === undefined) return "absent";
  let fd: number | null = null;
  try {
    fd = openSync(file, O_PATH | constants.O_NOFOLLOW);
    return fstatSync(fd).isSocket() ? await request(fd, path, timeoutMs) : "absent";
  } catch {
    return "absent";
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

async function request(fd: number, path: string, timeoutMs: number): Promise<PreloadAnswer> {
  const { promise, resolve } = Promise.withResolvers<PreloadAnswer>();
  const pieces: Buffer[] = [];
  let size = 0;
  const ended = () => resolve(parsed(Buffer.concat(pieces)));
  const timer = setTimeout(() => resolve("silent"), timeoutMs);
  // The path of a socket has a short limit (unix(7)), which the path of its descriptor never reaches.
  const unix = `/proc/self/fd/${fd}`;
  const connecting = Bun.connect({
    unix,
    socket: {
      open(socket) {
        socket.write(`GET ${path} HTTP/1.0\r\nHost: bs9\r\nConnection: close\r\n\r\n`);
      },
      data(_, bytes) {
        size += bytes.length;
        if (size > maxHeadBytes + maxBodyBytes) return resolve("absent");
        pieces.push(bytes);
        if (isWhole(pieces, size)) ended();
      },
      end: ended,
      close: ended,
      error: () => resolve("absent"),
    },
  });
  connecting.catch(async () => resolve((await hasFullBacklog(unix).catch(() => false)) ? "silent" : "absent"));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    connecting.then((socket) => socket.terminate()).catch(() => {});
  }
}

/** A server may keep the connection open after its answer. */
function isWhole(pieces: Buffer[], size: number): boolean {
  const [first] = pieces;
  const head = first === undefined ? null : headOf(first);
  return head?.length != null && size >= head.bytes + head.length;
}

function parsed(bytes: Buffer): PreloadAnswer {
  const head = headOf(bytes);
  if (head === null) return "absent";
  const body = bytes.subarray(head.bytes, head.length === null ? undefined : head.bytes + head.length);
  const isCut = head.length !== null && body.length < head.length;
  return isCut || body.length > maxBodyBytes ? "absent" : { status: head.status, body: body.toString("utf8") };
}

/** `length` is null where the end of the connection ends the body. Null for anything but the beginning of an answer. */
function headOf(bytes: Buffer): { bytes: number; status: number; length: number | null } | null {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1 || end > maxHeadBytes) return null;
  const text = bytes.toString("latin1", 0, end);
  const status = /^HTTP\/1\.[01] ([1-5]\d\d)(?: |\r|$)/.exec(text)?.[1];
  const length = /\r\ncontent-length: *(\d{1,9})(?:\r|$)/i.exec(text)?.[1];
  if (status === undefined) return null;
  return { bytes: end + 4, status: Number(status), length: length === undefined ? null : Number(length) };
}
