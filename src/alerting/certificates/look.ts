// Reads the certificate that a TLS server presents, or the one in a file, within a time limit.
import type { X509Certificate } from "node:crypto";
import { errnoOf, reasonOf } from "../../base/errors.ts";
import { readIfThere } from "../../base/files.ts";
import type { SeenCertificate, Trust } from "./certificate.ts";

export type CertificatePlace = { host: string; port: number } | { file: string };

const maxFileBytes = 1024 * 1024;
const maxNames = 5;

type LookLimits = { timeoutMs: number; signal?: AbortSignal };

/** Never throws. `host`: the name that the certificate has to be for; null: any name. `signal` ends the connection to the server. */
export async function lookAtCertificate(place: CertificatePlace, host: string | null, limits: LookLimits): Promise<SeenCertificate> {
  try {
    return "file" in place ? await inFile(place.file, host) : await ofServer(place, host, limits);
  } catch (error) {
    return { found: false, why: reasonOf(error) };
  }
}

async function inFile(path: string, host: string | null): Promise<SeenCertificate> {
  const { X509Certificate } = await import("node:crypto");
  const text = readIfThere(path, maxFileBytes);
  if (text === null) return { found: false, why: "the file does not exist" };
  if (!text.includes("-----BEGIN CERTIFICATE-----")) return { found: false, why: "the file has no certificate in PEM form" };
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(text.slice(text.indexOf("-----BEGIN CERTIFICATE-----")));
  } catch {
    return { found: false, why: "the first certificate in the file is damaged" };
  }
  // Whether clients trust its issuer is up to them: a file may hold a certificate without those that it depends on.
  return seenIn(certificate, host, isSelfSigned(certificate) ? "self-signed" : "unchecked");
}

/** Loaded on demand, because most agents never look at a certificate. */
async function ofServer(
  { host: address, port }: { host: string; port: number },
  host: string | null,
  { timeoutMs, signal }: LookLimits,
): Promise<SeenCertificate> {
  const { connect } = await import("node:tls");
  const stopped: SeenCertificate = { found: false, why: "the look was stopped" };
  if (signal?.aborted === true) return stopped;
  return new Promise((done) => {
    const name = host ?? address;
    const socket = connect({
      host: address,
      port,
      // The certificate is judged here, so a bad one must not end the handshake.
      rejectUnauthorized: false,
      ...(isAddress(name) ? {} : { servername: name }),
    });
    const settle = (seen: SeenCertificate) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      socket.destroy();
      done(seen);
    };
    const stop = () => settle(stopped);
    signal?.addEventListener("abort", stop, { once: true });
    const timer = setTimeout(() => settle({ found: false, why: `no answer within ${timeoutMs / 1000} s` }), timeoutMs);
    socket.on("secureConnect", () => {
      try {
        const certificate = socket.getPeerX509Certificate();
        if (certificate === undefined) settle({ found: false, why: "the server shows no certificate" });
        else settle(seenIn(certificate, host, trustOf(certificate, socket.authorizationError)));
      } catch (error) {
        settle({ found: false, why: reasonOf(error) });
      }
    });
    socket.on("error", (error) => settle({ found: false, why: whyNoTls(error) }));
    socket.on("close", () => settle({ found: false, why: "the connection was closed before a certificate came" }));
  });
}

function seenIn(certificate: X509Certificate, host: string | null, trust: Trust): SeenCertificate {
  return {
    found: true,
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
    names: namesOf(certificate),
    trust,
    isOfHost: host === null ? null : isFor(certificate, host),
  };
}

function isFor(certificate: X509Certificate, host: string): boolean {
  return (isAddress(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined;
}

/** An address and not a name; node:net takes longer to load than this takes to tell. */
const isAddress = (host: string): boolean => /^[\d.]+$|:/.test(host);

/** The names in it that clients compare, the first ones only: there may be hundreds. */
function namesOf({ subjectAltName, subject }: X509Certificate): string {
  const names = (subjectAltName ?? "")
    .split(", ")
    .filter((name) => name !== "")
    .map((name) => name.replace(/^(DNS|IP Address):/, ""));
  if (names.length === 0) return /^CN=(.*)$/m.exec(subject)?.[1] ?? "no name";
  return names.length > maxNames ? `${names.slice(0, maxNames).join(", ")} and ${names.length - maxNames} more` : names.join(", ");
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

/** The verification reports these where it accepts the issuer and only the name is another one. */
const nameCodes = new Set(["ERR_TLS_CERT_ALTNAME_INVALID", "HOSTNAME_MISMATCH", "IP_ADDRESS_MISMATCH"]);
const timeCodes = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);

/**
 * `error`: why the verification refuses the certificate; null where it accepts it. The time and the name of the server's own
 * certificate are judged elsewhere, so they count as trusted here. A certificate of its issuer that has expired does not.
 */
export function trustOf(certificate: X509Certificate, error: unknown): Trust {
  if (error === null || error === undefined) return "trusted";
  const code = typeof error === "string" ? error : (errnoOf(error) ?? "");
  if (nameCodes.has(code)) return "trusted";
  if (isSelfSigned(certificate)) return "self-signed";
  return timeCodes.has(code) && !isInTime(certificate) ? "trusted" : "unknown-issuer";
}

function isInTime({ validFrom, validTo }: X509Certificate): boolean {
  return Date.parse(validFrom) <= Date.now() && Date.now() < Date.parse(validTo);
}

function whyNoTls(error: unknown): string {
  const words: Record<string, string> = {
    ECONNREFUSED: "connection refused",
    ECONNRESET: "the connection was closed before a certificate came",
    ENOTFOUND: "the host does not exist",
    EHOSTUNREACH: "the host cannot be reached",
    ENETUNREACH: "the network cannot be reached",
  };
  const code = errnoOf(error) ?? "";
  return words[code] ?? (/SSL|TLS|EPROTO/i.test(code) ? "it does not speak TLS" : reasonOf(error));
}
