// One round of maintenance for all log files: it records how far they have grown, archives old text, and enforces the quota.
// Any bs9 process runs it, at most once a second.
import { closeSync, constants, existsSync, futimesSync, lstatSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";
import { punchHole, tryLock } from "../../base/libc.ts";
import { isRegular, openNoFollow } from "../../base/regular.ts";
import { mark } from "./marks.ts";
import { type LogStream, logFile, logFolders, streams } from "./place.ts";
import { archivePiece, bytesOnDisk, dropOldest, removeUnfinished } from "./trim.ts";

export type TickOptions = {
  /** The quota for all services together. */
  quotaBytes?: number;
  /** If true, a round runs even if the last round was less than a second ago. */
  force?: boolean;
};

const defaultQuotaBytes = 1024 ** 3;
const paceMs = 1000;
/** The share of the file system that stays free. */
const freeShare = 0.05;
/** Trims to this share of the quota, so that not every round has to trim. */
const slack = 0.9;

/** `root` is the directory of all services. Does nothing while another process runs a round. */
export async function careForLogs(root: string, { quotaBytes = defaultQuotaBytes, force = false }: TickOptions = {}): Promise<void> {
  if (!existsSync(root)) return;
  const file = join(root, ".tick");
  const sinceMs = Date.now() - (lstatSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  if (!force && sinceMs >= 0 && sinceMs < paceMs) return;
  const fd = openNoFollow(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
  try {
    if (!(await tryLock(fd))) return;
    const now = new Date();
    futimesSync(fd, now, now);
    await turn(root, quotaBytes);
  } finally {
    closeSync(fd);
  }
}

async function turn(root: string, quotaBytes: number): Promise<void> {
  const places = logFolders(root).flatMap((folder) =>
    streams.map((stream): LogStream => ({ folder, stream })).filter(({ stream }) => isRegular(logFile(folder, stream))),
  );
  for (const place of places) {
    mark(place.folder, place.stream);
    removeUnfinished(place);
  }
  const sizes = new Map(places.map((place) => [place, bytesOnDisk(place)]));
  const used = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  const { bavail, blocks, bsize } = statfsSync(root);
  const allowed = Math.max(0, Math.min(quotaBytes, used + (bavail - blocks * freeShare) * bsize));
  const isTooMuch = used > allowed;
  // Most rounds end here. Only the others write a temporary file, to find out whether the file system can free a part of a file
  // in place.
  if (!isTooMuch && ![...sizes.values()].some((bytes) => bytes > 64 * 1024 * 1024)) return;
  const canPunch = await canPunchHoles(root);
  if (isTooMuch) await shrink(sizes, Math.ceil(used - allowed * slack), canPunch);
  for (const place of places) if (await archivePiece(place, canPunch)) break;
}

/** The largest stream is trimmed first, so that a noisy service does not cost a quiet service its lines. */
async function shrink(sizes: Map<LogStream, number>, excessBytes: number, canPunch: boolean): Promise<void> {
  const open = new Map(sizes);
  for (let excess = excessBytes; excess > 0; ) {
    const [first, second] = [...open].sort(([, a], [, b]) => b - a);
    if (first === undefined) return;
    const [place, bytes] = first;
    const share = Math.max(bytes - (second?.[1] ?? 0), 1024 * 1024);
    if (!(await dropOldest(place, Math.min(excess, share), canPunch))) {
      open.delete(place);
      continue;
    }
    const left = bytesOnDisk(place);
    excess -= bytes - left;
    open.set(place, left);
    // Trimming freed nothing: the space that the file takes is not in its data blocks. This round does not try the file again.
    if (left >= bytes) open.delete(place);
  }
}

/** Tests on a temporary file whether the file system can free a part of a file in place (punch a hole). */
export async function canPunchHoles(root: string): Promise<boolean> {
  const path = join(root, `.punch-${process.pid}`);
  rmSync(path, { force: true });
  const fd = openSync(path, "wx", 0o600);
  try {
    writeSync(fd, Buffer.alloc(8192, 1));
    return await punchHole(fd, 0, 4096);
  } finally {
    closeSync(fd);
    rmSync(path, { force: true });
  }
}
