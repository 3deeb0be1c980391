// Makes certificates with openssl, for the tests of what bs9 says about them.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, succeed } from "../programs.ts";

export type MadeCertificate = { keyFile: string; certFile: string };
export type Wanted = { fromDays: number; toDays: number; host: string; isSelfSigned?: true };

const dayMs = 86_400_000;

export type Maker = (name: string, wanted: Wanted) => Promise<MadeCertificate>;

/** Makes an authority that no host trusts, and returns what makes certificates of it, or self-signed ones. */
export async function certificateMaker(): Promise<Maker> {
  const folder = mkdtempSync(join(tmpdir(), "bs9-certificates-"));
  const openssl = async (...words: string[]) => succeed(await run(["openssl", ...words]), `openssl ${words[0]}`);
  const [caKey, caCert, key] = ["ca.key", "ca.pem", "leaf.key"].map((name) => join(folder, name)) as [string, string, string];
  await openssl(
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "30",
    "-subj",
    "/CN=Test Authority",
    "-keyout",
    caKey,
    "-out",
    caCert,
  );
  await openssl("genrsa", "-out", key, "2048");
  return async (name, { fromDays, toDays, host, isSelfSigned }) => {
    const own = join(folder, name);
    mkdirSync(own);
    writeFileSync(join(own, "index"), "");
    const [request, certFile, config] = ["request.pem", "cert.pem", "ca.conf"].map((file) => join(own, file)) as [string, string, string];
    const ca = ["[ca]", "default_ca=own", "[own]", `new_certs_dir=${own}`, `database=${own}/index`, "default_md=sha256", "rand_serial=yes"];
    const rules = ["policy=any", "x509_extensions=leaf", "[any]", "commonName=supplied", "[leaf]", `subjectAltName=DNS:${host}`];
    writeFileSync(config, [...ca, ...rules].join("\n"));
    await openssl("req", "-new", "-key", key, "-subj", `/CN=${host}`, "-out", request);
    const issuer = isSelfSigned ? ["-selfsign", "-keyfile", key] : ["-keyfile", caKey, "-cert", caCert];
    const times = ["-startdate", stamp(fromDays), "-enddate", stamp(toDays)];
    await openssl("ca", "-batch", "-notext", "-config", config, ...issuer, ...times, "-in", request, "-out", certFile);
    return { keyFile: key, certFile };
  };
}

/** YYYYMMDDHHMMSSZ */
function stamp(days: number): string {
  return `${new Date(Date.now() + days * dayMs).toISOString().replace(/[-:T]|\..*/g, "")}Z`;
}
