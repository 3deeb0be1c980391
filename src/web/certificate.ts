// The certificate of a server and its private key, which are read again when their files change: certificates are renewed every
// few weeks, and a server runs for months.
import { failed, reasonOf } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { changeStampOf } from "../base/stamp.ts";
import { harmless, shellWord } from "../base/text.ts";

/** `key` is the private key. Both are texts in PEM. */
export type CertificateText = { cert: string; key: string };

const maxPemBytes = 256 * 1024;

export class Certificate {
  readonly #files: { cert: string; key: string };
  #stamp = "";

  /** Throws where a file cannot be read, or is not what its option asks for. */
  constructor(files: { cert: string; key: string }) {
    this.#files = files;
    this.read();
  }

  get files(): { cert: string; key: string } {
    return this.#files;
  }

  read(): CertificateText {
    const { cert, key } = this.#files;
    this.#stamp = this.#stampNow();
    return { cert: pemIn(cert, "--tls-cert", "CERTIFICATE"), key: pemIn(key, "--tls-key", "PRIVATE KEY") };
  }

  /** True if a file has changed since it was read. */
  hasChanged(): boolean {
    return this.#stampNow() !== this.#stamp;
  }

  #stampNow(): string {
    return [this.#files.cert, this.#files.key].map(changeStampOf).join(" ");
  }
}

function pemIn(file: string, option: string, kind: string): string {
  const hint = `ls -l ${shellWord(file)}`;
  let text: string | null;
  try {
    text = readIfThere(file, maxPemBytes);
  } catch (error) {
    throw failed(`${option} names ${harmless(file)}, which cannot be read: ${reasonOf(error)}`, { cause: error, hint });
  }
  if (text === null) throw failed(`${option} names ${harmless(file)}, which does not exist`, { hint });
  if (!text.includes(`${kind}-----`))
    throw failed(`${option} names ${harmless(file)}, which is not a PEM file with a ${kind.toLowerCase()}`, { hint });
  return text;
}
