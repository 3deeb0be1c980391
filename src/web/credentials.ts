// The tokens that a running server accepts. They are read again when their files change, so that a renewed token needs no restart.
import { statSync } from "node:fs";
import { type AccessLevel, readToken, tokenFile } from "./token.ts";

/** `digest` is SHA-256 of the token, so that comparisons always have the same length. */
export type Credential = { level: AccessLevel; token: string; digest: Buffer };

type Kept = { stamp: string; credential: Credential | null };

const levels: AccessLevel[] = ["full", "read"];

export class Credentials {
  readonly #env: Record<string, string | undefined>;
  readonly #folder: string;
  readonly #kept = new Map<AccessLevel, Kept>();

  constructor(env: Record<string, string | undefined>, configFolder: string) {
    this.#env = env;
    this.#folder = configFolder;
  }

  /** A file that is missing or cannot be used gives no credential, so that nobody is let in by mistake. */
  current(): Credential[] {
    return levels.flatMap((level) => this.#read(level) ?? []);
  }

  #read(level: AccessLevel): Credential | null {
    const file = tokenFile(level, this.#env, this.#folder);
    const stamp = stampOf(file);
    const kept = this.#kept.get(level);
    if (kept !== undefined && kept.stamp === stamp) return kept.credential;
    const credential = credentialIn(file, level);
    this.#kept.set(level, { stamp, credential });
    return credential;
  }
}

function credentialIn(file: string, level: AccessLevel): Credential | null {
  try {
    const token = readToken(file);
    return token === null ? null : { level, token, digest: digestOf(token) };
  } catch {
    return null;
  }
}

function stampOf(file: string): string {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    return found === undefined ? `${file} missing` : `${file} ${found.ino} ${found.mtimeMs} ${found.ctimeMs} ${found.size}`;
  } catch {
    return `${file} unreadable`;
  }
}

export function digestOf(token: string): Buffer {
  return new Bun.CryptoHasher("sha256").update(token).digest();
}
