// What comes first over a channel, in a line of its own: the version of the protocol, and a key from a file of this user.
import { readIfThere, writeWhole } from "../files.ts";
import { randomHex } from "../random.ts";

export type Channel = {
  /** Grows with every change that the other side would not understand. */
  protocol: number;
  /** Who answers, in words: `supervisor`. */
  who: string;
  maxQuestionBytes: number;
  maxAnswerBytes: number;
};

/**
 * A question needs the key from the key file: Landlock does not keep a sandboxed service from connecting to the socket, but it
 * keeps it from reading the file.
 */
export const headOf = ({ protocol }: Pick<Channel, "protocol">, key: string): string => `${protocol} ${key}\n`;

/** A connection that has sent more than this without the key is closed. */
export const maxHeadBytes = 128;

/** The answer to a connection for which there is no place: nothing was done, and the question may be asked again. */
export const busyLine = '{"busy":true}\n';

/** The key of the process before, where there is one: a command that has read the file just now can ask the next process with it. */
export function keyIn(file: string): string {
  const known = readIfThere(file, 1024);
  if (known !== null && /^[0-9a-f]{64}$/.test(known)) return known;
  const key = randomHex(32);
  writeWhole(file, key, 0o600);
  return key;
}

/** The key to ask with; empty where there is no file yet. */
export const keyFrom = (file: string): string => readIfThere(file, 1024) ?? "";

/** Null where the line has this version and this key, else the reason to refuse it. */
export function refusalOf(line: string, { protocol, who }: Channel, key: string): string | null {
  const [theirs, given = ""] = line.split(" ");
  if (theirs !== String(protocol)) return `this ${who} speaks version ${protocol} of the control protocol`;
  return isSame(given, key) ? null : `a question has to come with the key of this ${who}`;
}

function isSame(given: string, key: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(key)];
  return a.length === b.length && crypto.timingSafeEqual(a, b);
}
