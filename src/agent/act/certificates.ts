// Looks at the certificates that rules name, in the background: each once an hour, and after its service was started again or its
// file has changed; one that cannot be read each minute.
import { join } from "node:path";
import type { SeenCertificate } from "../../alerting/certificates/certificate.ts";
import { type CertificatePlace, lookAtCertificate } from "../../alerting/certificates/look.ts";
import { hostWanted } from "../../alerting/evaluation/found.ts";
import type { CertificatesByRule } from "../../alerting/rules/facts.ts";
import type { CertificateRule } from "../../alerting/rules/rules.ts";
import { stampOf } from "../../base/stamp.ts";

const everyMs = 3_600_000;
const missingEveryMs = 60_000;
const timeoutMs = 10_000;
/** At most so many are asked at the same time. */
const together = 8;

/** `run` identifies the present run of the service; null for the host. */
export type CertificateSubject = { name: string; run: string | null; rules: readonly CertificateRule[] };

/** `asked`: what was asked and of which run or file, so that a change shows. */
type Looked = { asked: string; uptimeMs: number; seen: SeenCertificate };
type Due = { key: string; asked: string; rule: CertificateRule };

export class Certificates {
  readonly #home: string;
  readonly #looked = new Map<string, Looked>();
  #work: Promise<void> | null = null;
  readonly #ending = new AbortController();

  constructor(home: string) {
    this.#home = home;
  }

  /** By the name of the rule. */
  of(subject: string, rules: readonly CertificateRule[], atMs: number): CertificatesByRule {
    const found = new Map<string, { seen: SeenCertificate; atMs: number }>();
    for (const { name } of rules) {
      const looked = this.#looked.get(keyOf(subject, name));
      if (looked !== undefined) found.set(name, { seen: looked.seen, atMs });
    }
    return found;
  }

  /** Starts to look at the certificates that are due; does not wait for them. */
  look(subjects: Iterable<CertificateSubject>, uptimeMs: number): void {
    if (this.#work !== null || this.#ending.signal.aborted) return;
    const keys = new Set<string>();
    const due: Due[] = [];
    for (const { name, rules, run } of subjects) {
      for (const rule of rules) {
        const key = keyOf(name, rule.name);
        keys.add(key);
        const { file, host, port, url } = rule;
        const asked = JSON.stringify([run, host, port, url, file, file === undefined ? null : stampOf(this.#path(file))]);
        const looked = this.#looked.get(key);
        const lastsMs = looked?.seen.found === false ? missingEveryMs : everyMs;
        if (looked?.asked !== asked || uptimeMs - looked.uptimeMs >= lastsMs) due.push({ key, asked, rule });
      }
    }
    for (const key of this.#looked.keys()) if (!keys.has(key)) this.#looked.delete(key);
    if (due.length === 0) return;
    this.#work = this.#look(due, uptimeMs).finally(() => {
      this.#work = null;
    });
  }

  async close(): Promise<void> {
    // A look waits for a server for longer than systemd waits for the agent to end.
    this.#ending.abort();
    await this.#work;
  }

  async #look(due: readonly Due[], uptimeMs: number): Promise<void> {
    for (let i = 0; i < due.length && !this.#ending.signal.aborted; i += together)
      await Promise.all(
        due.slice(i, i + together).map(async ({ asked, key, rule }) => {
          this.#looked.set(key, { asked, uptimeMs, seen: await this.#seen(rule) });
        }),
      );
  }

  async #seen(rule: CertificateRule): Promise<SeenCertificate> {
    const host = hostWanted(rule);
    const [first, ...others] = this.#placesOf(rule);
    const limits = { timeoutMs, signal: this.#ending.signal };
    let seen = await lookAtCertificate(first, host, limits);
    for (const place of others) if (!seen.found) seen = await lookAtCertificate(place, host, limits);
    return seen;
  }

  /** A service may listen on one of the loopback addresses alone. */
  #placesOf({ file, port, url }: CertificateRule): [CertificatePlace, ...CertificatePlace[]] {
    if (file !== undefined) return [{ file: this.#path(file) }];
    if (url === undefined)
      return [
        { host: "127.0.0.1", port: port ?? 443 },
        { host: "::1", port: port ?? 443 },
      ];
    const { hostname, port: urlPort } = new URL(url);
    return [{ host: hostname.replace(/^\[(.*)\]$/, "$1"), port: urlPort === "" ? 443 : Number(urlPort) }];
  }

  #path(file: string): string {
    return file.startsWith("~/") ? join(this.#home, file.slice(2)) : file;
  }
}

const keyOf = (subject: string, rule: string): string => `${subject} ${rule}`;
