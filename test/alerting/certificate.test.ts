// What bs9 says about certificates, against real TLS servers and files.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Certificates } from "../../src/agent/act/certificates.ts";
import { type CertificateTerms, judgedCertificate } from "../../src/alerting/certificates/certificate.ts";
import { lookAtCertificate, trustOf } from "../../src/alerting/certificates/look.ts";
import { certificateObserved } from "../../src/alerting/evaluation/found.ts";
import { run } from "../programs.ts";
import { certificateMaker, type Maker, type Wanted } from "./certificates.ts";

const day = 86_400_000;
const closing: (() => void)[] = [];
let make: Maker;
let made = 0;

beforeAll(async () => {
  make = await certificateMaker();
});
afterAll(() => {
  for (const close of closing) close();
});

async function tlsPort(wanted: Wanted): Promise<number> {
  const { keyFile, certFile } = await make(`served-${made++}`, wanted);
  const tls = { key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") };
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", tls, fetch: () => new Response("ok") });
  closing.push(() => void server.stop(true));
  return server.port ?? 0;
}

async function plainPort(onConnection: (socket: import("node:net").Socket) => void): Promise<number> {
  const server: Server = createServer(onConnection);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  closing.push(() => void server.close());
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const terms: CertificateTerms = { place: "the certificate on port 443 of web", leastMs: 14 * day, host: null, allowUntrusted: false };

async function judgedOn(port: number, asked: Partial<CertificateTerms> = {}, timeoutMs = 5000) {
  const host = asked.host ?? null;
  return judgedCertificate(await lookAtCertificate({ host: "127.0.0.1", port }, host, { timeoutMs }), { ...terms, ...asked }, Date.now());
}

test("each thing that can be wrong with the certificate of a server has its own sentence", async () => {
  const valid = { fromDays: -10, host: "web.example" };
  const soon = await judgedOn(await tlsPort({ ...valid, toDays: 3.01 }), { host: "web.example", allowUntrusted: true });
  expect(soon.verdict).toBe("expires");
  expect(soon.sentence).toMatch(/^the certificate on port 443 of web expires in 3d, on \d{4}-\d\d-\d\dT[\d:]+Z$/);
  const expired = await judgedOn(await tlsPort({ ...valid, toDays: -2 }), { host: "web.example" });
  expect(expired.verdict).toBe("expired");
  expect(expired.sentence).toMatch(/^the certificate on port 443 of web expired 2d ago, on \d{4}-\d\d-\d\dT[\d:]+Z$/);
  const early = await judgedOn(await tlsPort({ fromDays: 2.01, toDays: 90, host: "web.example" }), { host: "web.example" });
  expect(early.verdict).toBe("not-yet-valid");
  expect(early.sentence).toMatch(/^the certificate on port 443 of web is not valid yet: it begins on \S+Z, in 2d$/);
  const foreign = await judgedOn(await tlsPort({ ...valid, toDays: 90, host: "other.example" }), { host: "web.example" });
  expect(foreign).toMatchObject({
    verdict: "other-host",
    sentence: "the certificate on port 443 of web is for other.example, and not for web.example",
  });
  const own = await judgedOn(await tlsPort({ ...valid, toDays: 90, isSelfSigned: true }), { host: "web.example" });
  expect(own).toMatchObject({ verdict: "untrusted", sentence: "the certificate on port 443 of web is self-signed, so clients refuse it" });
  const strange = await judgedOn(await tlsPort({ ...valid, toDays: 90 }), { host: "web.example" });
  expect(strange.verdict).toBe("untrusted");
  expect(strange.sentence).toStartWith("the certificate on port 443 of web comes from an issuer that this host does not trust");
});

test("a certificate that is valid for long enough is good, and an untrusted one is where that is allowed", async () => {
  const port = await tlsPort({ fromDays: -1, toDays: 90, host: "web.example", isSelfSigned: true });
  const judged = await judgedOn(port, { host: "web.example", allowUntrusted: true });
  expect(judged.verdict).toBe("good");
  expect(judged.leftMs ?? 0).toBeWithin(89 * day, 90 * day + 1);
  expect((await judgedOn(port, { allowUntrusted: true })).verdict).toBe("good");
});

test("a port that does not answer, that does not speak TLS or that hangs up is told apart, and within the time limit", async () => {
  const closed = await plainPort(() => {});
  closing.pop()?.();
  expect((await judgedOn(closed)).sentence).toBe("the certificate on port 443 of web cannot be read: connection refused");
  const silent = await plainPort(() => {});
  const beganMs = performance.now();
  const sentence = "the certificate on port 443 of web cannot be read: no answer within 0.2 s";
  expect(await judgedOn(silent, {}, 200)).toMatchObject({ verdict: "missing", leftMs: null, sentence });
  expect(performance.now() - beganMs).toBeLessThan(2000);
  const plain = await plainPort((socket) => void socket.end("220 mail.example ESMTP\r\n"));
  expect((await judgedOn(plain)).sentence).toMatch(
    /cannot be read: (it does not speak TLS|the connection was closed before a certificate came)$/,
  );
  const rude = await plainPort((socket) => void socket.destroy());
  expect((await judgedOn(rude)).sentence).toBe(
    "the certificate on port 443 of web cannot be read: the connection was closed before a certificate came",
  );
});

test("the certificate in a file is judged like one of a server", async () => {
  const judgedIn = async (file: string, asked: Partial<CertificateTerms> = {}) =>
    judgedCertificate(
      await lookAtCertificate({ file }, asked.host ?? null, { timeoutMs: 1000 }),
      { ...terms, place: "the certificate in x.pem", ...asked },
      Date.now(),
    );
  const { certFile } = await make("in-file", { fromDays: -1, toDays: 3.01, host: "web.example" });
  expect((await judgedIn(certFile, { host: "web.example" })).sentence).toStartWith("the certificate in x.pem expires in 3d, on ");
  expect((await judgedIn(certFile, { host: "a.example" })).verdict).toBe("other-host");
  const own = await make("own-file", { fromDays: -1, toDays: 30, host: "web.example", isSelfSigned: true });
  expect((await judgedIn(own.certFile)).verdict).toBe("untrusted");
  const folder = mkdtempSync(join(tmpdir(), "bs9-pem-"));
  const text = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  expect((await judgedIn(join(folder, "none.pem"))).sentence).toBe("the certificate in x.pem cannot be read: the file does not exist");
  expect((await judgedIn(text("key.pem", "-----BEGIN PRIVATE KEY-----\n"))).sentence).toBe(
    "the certificate in x.pem cannot be read: the file has no certificate in PEM form",
  );
  expect((await judgedIn(text("bad.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))).sentence).toBe(
    "the certificate in x.pem cannot be read: the first certificate in the file is damaged",
  );
  expect((await judgedIn(folder)).sentence).toContain("is a directory");
});

test("only what verification accepts is trusted, beside errors of the name and of the certificate's own time", async () => {
  const read = async (name: string, wanted: Wanted) => new X509Certificate(readFileSync((await make(name, wanted)).certFile));
  const valid = { fromDays: -1, toDays: 30, host: "web.example" };
  const own = await read("trust-own", { ...valid, isSelfSigned: true });
  const leaf = await read("trust-leaf", valid);
  const old = await read("trust-old", { ...valid, fromDays: -9, toDays: -2 });
  expect([null, undefined, "ERR_TLS_CERT_ALTNAME_INVALID"].map((error) => trustOf(own, error))).toEqual(Array(3).fill("trusted"));
  expect(trustOf(own, "DEPTH_ZERO_SELF_SIGNED_CERT")).toBe("self-signed");
  const refused = ["CERT_HAS_EXPIRED", "INVALID_CA", "CERT_SIGNATURE_FAILURE", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", new Error("odd")];
  for (const error of refused) expect(trustOf(leaf, error)).toBe("unknown-issuer");
  expect(trustOf(old, Object.assign(new Error("expired"), { code: "CERT_HAS_EXPIRED" }))).toBe("trusted");
});

test("a self-signed certificate that the host trusts is trusted", async () => {
  const { certFile, keyFile } = await make("host-trusts", { fromDays: -1, toDays: 30, host: "web.example", isSelfSigned: true });
  const tls = { key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") };
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", tls, fetch: () => new Response("ok") });
  closing.push(() => void server.stop(true));
  const look = join(import.meta.dir, "../../src/alerting/certificates/look.ts");
  const program = `const { lookAtCertificate } = await import(${JSON.stringify(look)});
    console.log((await lookAtCertificate({ host: "127.0.0.1", port: ${server.port} }, "web.example", { timeoutMs: 5000 })).trust);`;
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: certFile };
  const { stdout } = await run([process.execPath, "-e", program], { env });
  expect(stdout.trim()).toBe("trusted");
});

test("a port that is not open fires nothing for two minutes, however short the for of its rule is", () => {
  const seen = new Map([["site", { seen: { found: false as const, why: "connection refused" }, atMs: 0 }]]);
  const forOf = (forMs: number | null) =>
    certificateObserved({ name: "site", port: 443, days: 14, allowUntrusted: false, severity: "warning", forMs }, "web", seen)[1]?.forMs;
  expect([forOf(null), forOf(5000), forOf(600_000)]).toEqual([120_000, 120_000, 600_000]);
});

test("closing does not wait for a server that does not answer", async () => {
  let connected = () => {};
  const connection = new Promise<void>((done) => {
    connected = done;
  });
  const port = await plainPort(() => connected());
  const certificates = new Certificates("/");
  const rule = { name: "site", port, days: 14, allowUntrusted: false, severity: "warning" as const, forMs: null };
  certificates.look([{ name: "web", run: "1", rules: [rule] }], 0);
  await connection;
  const beganMs = performance.now();
  await certificates.close();
  expect(performance.now() - beganMs).toBeLessThan(2000);
});
