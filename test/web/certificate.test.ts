// The certificate of the server: a renewed one is taken over without a restart, and one that does not fit its key is not.
import { afterAll, expect, test } from "bun:test";
import { copyFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { Certificate } from "../../src/web/certificate.ts";
import { run, succeed, tempDir, until } from "../harness.ts";
import { webOf } from "./scene.ts";

const folder = tempDir();

async function made(name: string): Promise<{ cert: string; key: string }> {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const words = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", `/CN=${name}`];
  succeed(await run(["openssl", "req", ...words, "-keyout", key, "-out", cert]), "openssl req");
  return { cert, key };
}

/** The name in the certificate that the server shows. */
function shown(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.end();
    });
    socket.on("error", (error) => resolve(error.message));
  });
}

test("a renewed certificate is used for new connections, and open ones go on; half a renewal changes nothing", async () => {
  const [first, second] = [await made("first"), await made("second")];
  const live = { cert: join(folder, "live.pem"), key: join(folder, "live.key") };
  const replace = (from: string, to: string) => {
    copyFileSync(from, `${to}.new`);
    renameSync(`${to}.new`, to);
  };
  for (const part of ["cert", "key"] as const) replace(first[part], live[part]);
  const warned: string[] = [];
  const web = webOf({}, { certificate: new Certificate(live), warn: (text) => warned.push(text) });
  afterAll(() => web.stop());
  expect(await shown(web.port)).toBe("first");
  const open = connect({ host: "127.0.0.1", port: web.port, rejectUnauthorized: false });
  let answered = "";
  open.on("data", (chunk) => {
    answered += String(chunk);
  });
  open.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n");
  replace(second.cert, live.cert);
  await until(() => warned.length > 0, { what: "the half renewal is noticed" });
  expect(warned[0]).toContain("the certificate and its key cannot be used");
  expect(await shown(web.port)).toBe("first");
  replace(second.key, live.key);
  await until(async () => (await shown(web.port)) === "second", { what: "the renewed certificate is used" });
  open.write("\r\n");
  await until(() => answered.includes("200"), { what: "the answer on the open connection" });
  open.end();
});

test.each([
  ["no file", "which does not exist"],
  ["a directory", "which cannot be read"],
  ["no PEM", "which is not a PEM file with a certificate"],
])("as a certificate %s is refused", async (what, why) => {
  const cert = what === "a directory" ? folder : join(folder, what);
  if (what === "no PEM") await Bun.write(cert, "hello\n");
  expect(() => new Certificate({ cert, key: cert })).toThrow(why);
});
