// Judges a certificate, and says in a sentence why clients refuse it or soon will. Pure.
import { formatAge } from "../../base/quantities.ts";
import { harmless } from "../../base/text.ts";

/** The certificate as it was found, or why none was. */
export type SeenCertificate =
  | { found: true; notBeforeMs: number; notAfterMs: number; names: string; trust: Trust; isOfHost: boolean | null }
  | { found: false; why: string };

/** Whether a client trusts it: because of its issuer, and not because of its time or its name. */
export type Trust = "trusted" | "self-signed" | "unknown-issuer" | "unchecked";

export type CertificateTerms = {
  /** Where it was found, in words: "the certificate on port 443 of web". */
  place: string;
  /** It has to be valid for longer than this. */
  leastMs: number;
  /** The host name that it has to be for; null where any name is good. */
  host: string | null;
  allowUntrusted: boolean;
};

/** `leftMs`: how long it is still valid, which is negative once it has expired; null where that is unknown. */
export type JudgedCertificate = {
  verdict: "good" | "expires" | "expired" | "not-yet-valid" | "other-host" | "untrusted" | "missing";
  leftMs: number | null;
  sentence: string;
};

const maxWords = 200;
const shown = (text: string): string => harmless(text).slice(0, maxWords);

/** Names one thing that is wrong: the one that clients notice first. */
export function judgedCertificate(
  seen: SeenCertificate,
  { place, leastMs, host, allowUntrusted }: CertificateTerms,
  atMs: number,
): JudgedCertificate {
  if (!seen.found) return { verdict: "missing", leftMs: null, sentence: `${place} cannot be read: ${shown(seen.why)}` };
  const { notBeforeMs, notAfterMs, names, trust, isOfHost } = seen;
  const leftMs = notAfterMs - atMs;
  if (leftMs <= 0) return { verdict: "expired", leftMs, sentence: `${place} expired ${formatAge(-leftMs)} ago, on ${day(notAfterMs)}` };
  if (notBeforeMs > atMs)
    return {
      verdict: "not-yet-valid",
      leftMs,
      sentence: `${place} is not valid yet: it begins on ${day(notBeforeMs)}, in ${formatAge(notBeforeMs - atMs)}`,
    };
  if (isOfHost === false)
    return { verdict: "other-host", leftMs, sentence: `${place} is for ${shown(names)}, and not for ${shown(host ?? "")}` };
  if (!allowUntrusted && trust === "self-signed")
    return { verdict: "untrusted", leftMs, sentence: `${place} is self-signed, so clients refuse it` };
  if (!allowUntrusted && trust === "unknown-issuer")
    return {
      verdict: "untrusted",
      leftMs,
      sentence: `${place} comes from an issuer that this host does not trust, or the certificates between them are missing`,
    };
  const sentence = `${place} expires in ${formatAge(leftMs)}, on ${day(notAfterMs)}`;
  return { verdict: leftMs <= leastMs ? "expires" : "good", leftMs, sentence };
}

const day = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
