// The channel that sends messages as mail, over one SMTP connection to the server that the user configured.
import { errnoOf, reasonOf } from "../../base/errors.ts";
import { isLoopback } from "../../base/loopback.ts";
import type { MailConfig } from "../config/config.ts";
import type { AlertMessage } from "../message.ts";
import { type AlertChannel, type Answer, declined, taken, unreachable } from "./channel.ts";
import { secretOf } from "./secret.ts";
import { eventLines, oneLine, titleOf } from "./sentence.ts";

const implicitTlsPort = 465;
/** Ends a connection that the signal has not ended. */
const socketMs = 30_000;
const maxText = 64 * 1024;
const maxAnswer = 200;

export function mail(config: MailConfig, { home }: { home: string }): AlertChannel {
  return {
    address: "mail",
    name: `mail to ${oneLine([config.to].flat().join(", "), maxAnswer)} by ${config.host}:${config.port}`,
    send: (message, signal) => sendMail(config, home, message, signal).catch((error) => answerTo(error, signal.aborted)),
  };
}

async function sendMail(config: MailConfig, home: string, message: AlertMessage, signal: AbortSignal): Promise<Answer> {
  // The package is loaded when the first mail is sent: most agents never send one.
  const [{ default: SmtpConnection }, text] = await Promise.all([import("nodemailer/lib/smtp-connection"), mailText(config, message)]);
  const password = secretOf(config.password, config.passwordFile, home);
  const mode = config.tls ?? "auto";
  // A password must not cross a network in clear text, unless the user has switched TLS off.
  const isRequired = mode === "required" || (mode === "auto" && password !== null && !isLoopback(config.host));
  const connection = new SmtpConnection({
    host: config.host,
    port: config.port,
    secure: config.port === implicitTlsPort && mode !== "off",
    requireTLS: isRequired,
    ignoreTLS: mode === "off",
    // Where mail may also go in clear text, an encryption that nobody vouches for is still better: a local server such as Postfix has a
    // certificate that it has signed itself.
    tls: { rejectUnauthorized: isRequired },
    connectionTimeout: socketMs,
    greetingTimeout: socketMs,
    socketTimeout: socketMs,
    dnsTimeout: socketMs,
    socketCloseTimeout: 0,
    maxResponseSize: maxText,
    allowInternalNetworkInterfaces: true,
  });
  const { promise: ended, reject } = Promise.withResolvers<never>();
  connection.once("error", reject);
  connection.once("end", () => reject(new Error("the connection was closed")));
  const abort = () => reject(new Error("no answer in time"));
  signal.addEventListener("abort", abort);
  const step = <T>(begin: (done: (error?: Error | null, result?: T) => void) => void): Promise<T | undefined> => {
    const { promise, resolve, reject: fail } = Promise.withResolvers<T | undefined>();
    begin((error, result) => (error ? fail(error) : resolve(result)));
    return Promise.race([promise, ended]);
  };
  try {
    if (signal.aborted) abort();
    await step<void>((done) => connection.connect(done));
    if (config.user !== undefined && password !== null) {
      const credentials = { user: config.user, pass: password };
      await step((done) => connection.login({ credentials }, done));
    }
    const envelope = { from: config.from, to: [config.to].flat() };
    const sent = await step<{ response?: string | undefined; rejected: string[] }>((done) => connection.send(envelope, text, done));
    const answer = oneLine(sent?.response ?? "accepted", maxAnswer);
    // The other recipients have the mail: sending it again would tell them twice.
    return taken(sent?.rejected.length ? `${answer} (refused for ${oneLine(sent.rejected.join(", "), maxAnswer)})` : answer);
  } finally {
    signal.removeEventListener("abort", abort);
    ended.catch(() => {});
    connection.on("error", () => {});
    connection.close();
  }
}

async function mailText({ from, to }: MailConfig, message: AlertMessage): Promise<Buffer> {
  const { default: MailComposer } = await import("nodemailer/lib/mail-composer");
  const domain = from.slice(from.indexOf("@") + 1);
  const composer = new MailComposer({
    from: { name: "bs9", address: from },
    to: [to].flat().map((address) => ({ name: "", address })),
    subject: titleOf(message),
    date: new Date(message.atMs),
    // The same for a repeat, so that mail programs show the mail once.
    messageId: `<${message.id}@${domain}>`,
    text: `${eventLines(message, maxText)}\n\n-- \nbs9 on ${oneLine(message.host, maxAnswer)}\nmessage ${message.id}\n`,
    headers: { "Auto-Submitted": "auto-generated", "X-BS9-Message-Id": message.id },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return composer.compile().build();
}

function answerTo(error: unknown, isLate: boolean): Answer {
  if (isLate) return unreachable("no answer in time");
  const words: Record<string, string> = {
    ECONNREFUSED: "connection refused",
    EDNS: "the host does not exist",
    ENOTFOUND: "the host does not exist",
    ETIMEDOUT: "no answer in time",
  };
  const answer = oneLine(words[errnoOf(error) ?? ""] ?? reasonOf(error), maxAnswer);
  const isOfMessage = ["EENVELOPE", "EMESSAGE"].includes(errnoOf(error) ?? "");
  const status = typeof error === "object" && error !== null && "responseCode" in error ? Number(error.responseCode) : 0;
  return isOfMessage && status >= 500 ? declined(answer) : unreachable(answer);
}
