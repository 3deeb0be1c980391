// The first line of each connection: the protocol version, and a key from a file that only this user can read.
import { readIfThere, writeWhole } from "../files.ts";
import { randomHex } from "../random.ts";

export type Channel = {
  /** The protocol version: it is increased with every change that an older client or server would not understand. */
  protocol: number;
  /** The name of the answering process in error texts, such as `supervisor`. */
  who: string;
  maxQuestionBytes: number;
  maxAnswerBytes: number;
};

/**
 * The first line of a question. It carries the key because Landlock cannot stop a sandboxed service from connecting to the
 * socket, but stops it from reading the key file.
 */
export const headOf = ({ protocol }: Pick<Channel, "protocol">, key: string): string => `${protocol} ${key}\n`;

/** A connection that has sent more than this without the key is closed. */
export const maxHeadBytes = 128;

/** The answer to a connection when too many are open. Nothing was done, so the client may ask again. */
export const busyLine = '{"busy":true}\n';

/**
 * The key in the file; a new one is written if the file is missing or holds no valid key. The key of the previous process is
 * kept, so that a command that has just read the file can ask the new process with it.
 */
export function keyIn(file: string): string {
  const known = readIfThere(file, 1024);
  if (known !== null && /^[0-9a-f]{64}$/.test(known)) return known;
  const key = randomHex(32);
  writeWhole(file, key, 0o600);
  return key;
}

/** The key that a client sends; empty while the key file does not exist. */
export const keyFrom = (file: string): string => readIfThere(file, 1024) ?? "";

/**
 * Checks the first line of a connection. Null if it has this protocol version and this key; else the reason for the refusal.
 */
export function refusalOf(line: string, { protocol, who }: Channel, key: string): string | null {
  const [theirs, given = ""] = line.split(" ");
  if (theirs !== String(protocol)) return `this ${who} speaks version ${protocol} of the control protocol`;
  return isSame(given, key) ? null : `permission denied: the request lacks the key of this ${who}`;
}

function isSame(given: string, key: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(key)];
  return a.length === b.length && crypto.timingSafeEqual(a, b);
}
