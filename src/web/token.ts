// The token of the HTTP server: from the file named by BS9_WEB_TOKEN_FILE, else a token of bs9, created when first needed.

import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, type Stats, statSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { Bs9Error, errnoOf, failed } from "../base/errors.ts";
import { makeFolder, plainErrno, readRegular } from "../base/files.ts";
import { randomHex } from "../base/random.ts";
import { shellWord } from "../base/text.ts";
import { currentUser } from "../base/user.ts";

const tokenVariable = "BS9_WEB_TOKEN_FILE";

const minLetters = 16;
const maxBytes = 4096;
const ownBytes = 32;

export type Token = {
  text: string;
  /** The file that bs9 created for the token; null where BS9_WEB_TOKEN_FILE names the file. */
  own: string | null;
  /** The file that BS9_WEB_TOKEN_FILE names although it does not exist, such as a secret that was never created; else null. */
  missing: string | null;
};

/**
 * Reads or creates the token of the HTTP server. Throws if the file does not contain a valid token: a weak token is neither
 * used nor replaced.
 */
export function loadToken(env: Record<string, string | undefined>, configFolder: string): Token {
  const named = env[tokenVariable] || null;
  if (named === null) return { ...ownToken(configFolder), missing: null };
  if (isMissing(named)) return { ...ownToken(configFolder), missing: named };
  return { text: read(named, `${tokenVariable} names ${named}`), own: null, missing: null };
}

/** `full` may act; `read` may only read, for viewers and for Prometheus. */
export type AccessLevel = "full" | "read";

/** The file that a running server reads the token of this level from. */
export function tokenFile(level: AccessLevel, env: Record<string, string | undefined>, configFolder: string): string {
  if (level === "read") return join(configFolder, "web.read-only.token");
  const named = env[tokenVariable] || null;
  return named === null || isMissing(named) ? join(configFolder, "web.token") : named;
}

/**
 * Reads the token in this file; `isOwn` where bs9 makes the file. Null where the file does not exist; throws where it does not
 * contain a valid token, and where a file of bs9 belongs to another user or can be read by one.
 */
export function readToken(file: string, isOwn: boolean): string | null {
  return isMissing(file) ? null : read(file, `the token is in ${file}`, isOwn ? privateTo(file) : undefined);
}

/** Replaces the token in this file by a new one. Running servers accept only the new one from then on. */
export function renewToken(level: AccessLevel, file: string, configFolder: string): void {
  if (file !== tokenFile(level, {}, configFolder))
    throw failed(`the token is in ${file}, which ${tokenVariable} names; bs9 replaces only tokens that it has made`, {
      hint: `head -c 32 /dev/urandom | base64 > ${shellWord(file)}`,
    });
  place(file, renameSync);
}

/** A file that cannot be inspected is treated as existing. */
function isMissing(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

function ownToken(configFolder: string): Pick<Token, "text" | "own"> {
  const own = join(configFolder, "web.token");
  if (isMissing(own)) make(own);
  return { text: read(own, `the token is in ${own}`, privateTo(own)), own };
}

/** Checks the opened file and not its path, which may lead to another file a moment later. */
function privateTo(file: string): (stat: Stats) => void {
  return ({ mode, uid }) => {
    if (uid !== currentUser().uid)
      throw failed(`the token is in ${file}, which belongs to another user`, { hint: `ls -lL ${shellWord(file)}` });
    if ((mode & 0o077) !== 0)
      throw failed(`the token is in ${file}, which other users can read too`, { hint: `chmod 600 ${shellWord(file)}` });
  };
}

function read(file: string, whence: string, check?: (stat: Stats) => void): string {
  let bytes: Buffer | null;
  try {
    bytes = readRegular(file, maxBytes + 1, check);
  } catch (error) {
    if (error instanceof Bs9Error) throw error;
    throw failed(`${whence}, which cannot be read: ${plainErrno(error)}`, { cause: error, hint: `ls -lL ${shellWord(file)}` });
  }
  if (bytes === null) throw failed(`${whence}, which is not a regular file`, { hint: `ls -lL ${shellWord(file)}` });
  if (bytes.length > maxBytes) throw failed(`${whence}, which has more than ${maxBytes} bytes`, { hint: `ls -lL ${shellWord(file)}` });
  const token = bytes.toString("utf8").trim();
  const hint = `head -c 32 /dev/urandom | base64 > ${shellWord(file)}`;
  if (token.length < minLetters)
    throw failed(`${whence}, which contains ${token.length} characters; a token has at least ${minLetters}`, { hint });
  // Characters that a header can carry (RFC 6750 allows fewer, but secret stores produce all of these).
  if (!/^[\x21-\x7e]+$/.test(token)) throw failed(`${whence}, which contains a space or a character that is not printable ASCII`, { hint });
  return token;
}

/**
 * Creates the token file with link(2) from a complete file: if two processes do this at once, only the first succeeds, and both
 * then read its token.
 */
function make(file: string): void {
  place(file, linkSync);
}

/** Writes a new token to a file beside `file`, which `put` then moves or links to its place. */
function place(file: string, put: (from: string, to: string) => void): void {
  const partial = `${file}.${process.pid}.${randomHex(4)}.part`;
  try {
    makeFolder(dirname(file));
    const fd = openSync(partial, "wx", 0o600);
    try {
      writeSync(fd, `${randomToken()}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    put(partial, file);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw failed(`cannot write ${file}: ${plainErrno(error)}`, { cause: error });
  } finally {
    rmSync(partial, { force: true });
  }
}

/** 256 random bits, in characters that a header, a cookie and a URL can carry. */
export function randomToken(): string {
  return crypto.getRandomValues(new Uint8Array(ownBytes)).toBase64({ alphabet: "base64url", omitPadding: true });
}
