// The tokens that a running server accepts. They are read again when their files change, so that a renewed token needs no restart.
import { changeStampOf } from "../base/stamp.ts";
import { type AccessLevel, readToken, tokenFile } from "./token.ts";

/** `digest` is SHA-256 of the token, so that comparisons always have the same length. */
export type Credential = { level: AccessLevel; token: string; digest: Buffer };

type Kept = { stamp: string | null; credential: Credential | null };

const levels: AccessLevel[] = ["full", "read"];

export class Credentials {
  /** Chosen once: a server that uses the file of BS9_WEB_TOKEN_FILE lets nobody in after that file has vanished. */
  readonly #files: { level: AccessLevel; file: string; isOwn: boolean }[];
  readonly #kept = new Map<AccessLevel, Kept>();

  /** `fullFile`: the file of the token that may act. */
  constructor(fullFile: string, configFolder: string) {
    this.#files = levels.map((level) => {
      const own = tokenFile(level, {}, configFolder);
      const file = level === "full" ? fullFile : own;
      return { level, file, isOwn: file === own };
    });
  }

  /** A file that is missing or cannot be used gives no credential, so that nobody is let in by mistake. */
  current(): Credential[] {
    return this.#files.flatMap((one) => this.#read(one) ?? []);
  }

  #read({ level, file, isOwn }: { level: AccessLevel; file: string; isOwn: boolean }): Credential | null {
    const stamp = changeStampOf(file);
    const kept = this.#kept.get(level);
    if (kept !== undefined && kept.stamp === stamp) return kept.credential;
    const credential = credentialIn(file, level, isOwn);
    this.#kept.set(level, { stamp, credential });
    return credential;
  }
}

function credentialIn(file: string, level: AccessLevel, isOwn: boolean): Credential | null {
  try {
    const token = readToken(file, isOwn);
    return token === null ? null : { level, token, digest: digestOf(token) };
  } catch {
    return null;
  }
}

export function digestOf(token: string): Buffer {
  return new Bun.CryptoHasher("sha256").update(token).digest();
}
