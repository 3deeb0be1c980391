// Mail against a real SMTP server: good, refusing, hanging, with and without TLS; no header can be injected.
import { afterEach, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mail } from "../../src/alerting/channels/mail.ts";
import type { MailConfig } from "../../src/alerting/config/config.ts";
import { run, succeed } from "../programs.ts";
import { eventNamed, messageNamed } from "./messages.ts";
import { type SmtpOptions, smtpReceiver } from "./receivers.ts";

const folder = mkdtempSync(join(tmpdir(), "bs9-mail-"));
const passwordFile = join(folder, "password");
const closing: (() => void)[] = [];
let tls = { cert: "", key: "" };

beforeAll(async () => {
  writeFileSync(passwordFile, "pa ss\n", { mode: 0o600 });
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const words = [
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=localhost",
    "-addext",
    "subjectAltName=DNS:localhost",
  ];
  succeed(await run(["openssl", "req", ...words, "-keyout", key, "-out", cert]), "openssl req");
  tls = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function server(options?: SmtpOptions) {
  const made = await smtpReceiver(options);
  closing.push(made.stop);
  return made;
}

const configFor = (port: number, rest: Partial<MailConfig> = {}): MailConfig => ({
  host: "127.0.0.1",
  port,
  from: "bs9@example.org",
  to: ["ops@example.org", "boss@example.org"],
  ...rest,
});
const sent = (config: MailConfig, message = messageNamed("m1"), timeoutMs = 5000) =>
  mail(config, { home: folder }).send(message, AbortSignal.timeout(timeoutMs));

test("a mail reaches every recipient, with the id of the message in its header and body", async () => {
  const smtp = await server();
  expect(await sent(configFor(smtp.port))).toEqual({ isTaken: true, answer: "250 2.0.0 queued as 42" });
  const [one] = smtp.mails;
  expect(one).toMatchObject({ from: "bs9@example.org", to: ["ops@example.org", "boss@example.org"], isEncrypted: false });
  expect(one?.text).toContain("Subject: vps-1: web failed firing\n");
  expect(one?.text).toContain("Message-ID: <m1@example.org>\n");
  expect(one?.text).toContain("Auto-Submitted: auto-generated\n");
  expect(one?.text).toContain("CRITICAL web: web failed: exited with 1");
  expect(one?.text).toContain("message m1");
});

test("a hostile host, subject or sentence adds no header, no recipient and no command", async () => {
  const smtp = await server();
  const evil = "x\r\nBcc: evil@example.org\r\n\r\n.\r\nMAIL FROM:<evil@example.org>\r\n";
  const message = { ...messageNamed("m1", [eventNamed("e", { subject: evil, rule: evil, sentence: evil })]), host: evil };
  expect(await sent(configFor(smtp.port), message)).toMatchObject({ isTaken: true });
  const [one] = smtp.mails;
  const header = (one?.text ?? "").split("\n\n")[0] ?? "";
  const names = header.split("\n").flatMap((line) => /^([^\s:]+):/.exec(line)?.[1]?.toLowerCase() ?? []);
  expect(names.sort()).toEqual(
    ["auto-submitted", "content-transfer-encoding", "content-type", "date", "from", "message-id", "mime-version", "subject", "to"].concat(
      "x-bs9-message-id",
    ),
  );
  expect(smtp.mails).toHaveLength(1);
  expect(smtp.lines.filter((line) => line.startsWith("MAIL FROM"))).toHaveLength(1);
  expect(smtp.lines.filter((line) => line.startsWith("RCPT"))).toHaveLength(2);
});

test.each<[string, SmtpOptions, boolean, RegExp]>([
  ["a server that refuses the sender", { refuse: { verb: "MAIL", line: "550 5.7.1 not you" } }, true, /550 5\.7\.1 not you/],
  ["a server that refuses the mail", { refuse: { verb: ".", line: "554 5.6.0 spam" } }, true, /554 5\.6\.0 spam/],
  ["a server that is busy", { refuse: { verb: "MAIL", line: "451 4.3.0 later" } }, false, /451 4\.3\.0 later/],
  ["a server that greets with an error", { refuse: { verb: "greeting", line: "554 no" } }, false, /554 no/],
])("%s", async (_, options, isRefused, words) => {
  const smtp = await server(options);
  const answer = await sent(configFor(smtp.port));
  expect(answer).toMatchObject({ isTaken: false, isRefused });
  expect(answer.answer).toMatch(words);
});

test.each(["greeting", "EHLO", "DATA", "."])("a server that hangs at %s ends with a sentence within the timeout", async (hang) => {
  const smtp = await server({ hang });
  const beganMs = performance.now();
  expect(await sent(configFor(smtp.port), messageNamed("m"), 400)).toEqual({
    isTaken: false,
    isRefused: false,
    answer: "no answer in time",
  });
  expect(performance.now() - beganMs).toBeLessThan(1500);
});

test("a server that does not run or does not exist gives a sentence", async () => {
  const smtp = await smtpReceiver();
  smtp.stop();
  expect(await sent(configFor(smtp.port))).toMatchObject({ isTaken: false, answer: expect.stringMatching(/refused/i) });
  expect(await sent(configFor(25, { host: "does-not-exist.invalid" }))).toMatchObject({ isTaken: false });
});

test("the password of a file is sent; a wrong one, and a file that others can read, give a sentence", async () => {
  const smtp = await server({ login: { user: "ops", password: "pa ss" } });
  expect(await sent(configFor(smtp.port, { user: "ops", passwordFile: "~/password" }))).toMatchObject({ isTaken: true });
  expect(smtp.mails[0]?.user).toBe("ops");
  const wrong = await sent(configFor(smtp.port, { user: "ops", password: "no" }));
  expect(wrong).toMatchObject({ isTaken: false, isRefused: false });
  expect(wrong.answer).toMatch(/535/);
  writeFileSync(join(folder, "open"), "x", { mode: 0o644 });
  expect((await sent(configFor(smtp.port, { user: "ops", passwordFile: join(folder, "open") }))).answer).toBe(
    `other users can read ${join(folder, "open")}`,
  );
});

test("with tls required nothing is sent to a server without TLS, nor to one whose certificate is not trusted", async () => {
  const without = await server();
  expect(await sent(configFor(without.port, { tls: "required" }))).toMatchObject({ isTaken: false, answer: expect.stringMatching(/502/) });
  const untrusted = await server({ tls });
  const answer = await sent(configFor(untrusted.port, { tls: "required", host: "localhost" }));
  expect(answer).toMatchObject({ isTaken: false });
  expect(answer.answer).toMatch(/certificate|self.signed/i);
  expect([without.mails.length, untrusted.mails.length]).toEqual([0, 0]);
});

test("a local server with a certificate that it has signed itself gets the mail encrypted, with and without a password", async () => {
  const smtp = await server({ tls, login: { user: "ops", password: "pa ss" } });
  expect(await sent(configFor(smtp.port))).toMatchObject({ isTaken: true });
  expect(await sent(configFor(smtp.port, { user: "ops", passwordFile }))).toMatchObject({ isTaken: true });
  expect(smtp.mails.map(({ isEncrypted, user }) => [isEncrypted, user])).toEqual([
    [true, null],
    [true, "ops"],
  ]);
});

test("a trusted server gets the mail over STARTTLS", async () => {
  const smtp = await server({ tls });
  const script = join(import.meta.dir, "send-mail.ts");
  const sender = await run([process.execPath, script, JSON.stringify(configFor(smtp.port, { tls: "required", host: "localhost" }))], {
    env: { NODE_EXTRA_CA_CERTS: join(folder, "cert.pem") },
  });
  expect(JSON.parse(sender.stdout)).toMatchObject({ isTaken: true });
  expect(smtp.mails[0]?.isEncrypted).toBe(true);
});
