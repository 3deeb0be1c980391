// What comes first over a channel, in a line of its own: the version of the protocol, and a key from a file of this user.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { readIfThere, writeWhole } from "../files.ts";

export type Channel = {
  /** Grows with every change that the other side would not understand. */
  protocol: number;
  /** Who answers, in words: `supervisor`. */
  who: string;
  maxQuestionBytes: number;
  maxAnswerBytes: number;
};

/**
 * Who knows what is in the key file may ask: a service that is shut in may reach the socket, for Landlock does not keep it
 * from connecting, and not the file.
 */
export const headOf = ({ protocol }: Pick<Channel, "protocol">, key: string): string => `${protocol} ${key}\n`;

/** Who has not shown the key within so much is not listened to. */
export const maxHeadBytes = 128;

/** That of the process before, where there is one: who has read it just now asks the next one with it. */
export function keyIn(file: string): string {
  const known = readIfThere(file, 1024);
  if (known !== null && /^[0-9a-f]{64}$/.test(known)) return known;
  const key = randomBytes(32).toString("hex");
  writeWhole(file, key, 0o600);
  return key;
}

/** Null where the line is as it has to be, else what is against it. */
export function refusalOf(line: string, { protocol, who }: Channel, key: string): string | null {
  const [theirs, given = ""] = line.split(" ");
  if (theirs !== String(protocol)) return `this ${who} speaks version ${protocol} of the control protocol`;
  return isSame(given, key) ? null : `who asks has to know the key of this ${who}`;
}

function isSame(given: string, key: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(key)];
  return a.length === b.length && timingSafeEqual(a, b);
}
