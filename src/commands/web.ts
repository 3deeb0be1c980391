// bs9 web: the web server in the foreground, its login URLs and its tokens.
import { resolve } from "node:path";
import { failed, reasonOf, usage } from "../base/errors.ts";
import { readIfThere } from "../base/files.ts";
import { ended } from "../base/interrupt.ts";
import { isLoopback } from "../base/loopback.ts";
import { parseWhole } from "../base/quantities.ts";
import { harmless, shellWord } from "../base/text.ts";
import { parseHost } from "../config/web.ts";
import type { Context } from "../context.ts";
import { Credentials } from "../web/credentials.ts";
import { loginCode } from "../web/login-code.ts";
import { type RunningWeb, runningWebs } from "../web/running.ts";
import { type AccessLevel, renewToken } from "../web/token.ts";
import type { Command, OptionValues, Result } from "./command.ts";
import { flagOf, parsed, textOf } from "./options.ts";
import { detachWeb, stopWeb } from "./web-detached.ts";
import { openWeb } from "./web-open.ts";

export const webCommand: Command = {
  name: "web",
  synopsis: "",
  summary: "serve the HTTP API, for scripts and for Prometheus",
  options: [
    { flags: "--port <port>", text: "port to listen on (default 8080, or the next free port)" },
    { flags: "--host <host>", text: "address to listen on (default 127.0.0.1)" },
    { flags: "--detach", text: "run it as bs9-web.service, also after a reboot" },
    { flags: "--stop", text: "stop and remove bs9-web.service" },
    { flags: "--tls-cert <file>", text: "PEM file of the certificate, for HTTPS; needs --tls-key" },
    { flags: "--tls-key <file>", text: "PEM file of the private key of the certificate" },
    { flags: "--print-url", text: "print a URL of the running server that logs in once, within five minutes" },
    { flags: "--new-token", text: "replace the token; whoever used the previous one has to log in again" },
    { flags: "--read-only", text: "with --new-token and --print-url: the token that may only read" },
  ],
  examples: ["bs9 web", "bs9 web --port 9000", "bs9 web --print-url", "bs9 web --new-token --read-only"],
  exits: [1, 5],
  async run({ words, options }, context): Promise<Result | null> {
    if (words.length > 0) throw usage("web takes options only", { hint: "bs9 web" });
    const [printsUrl, renews, readOnly] = ["printUrl", "newToken", "readOnly"].map((name) => flagOf(options, name));
    const level: AccessLevel = readOnly ? "read" : "full";
    if (readOnly && !printsUrl && !renews)
      throw usage("--read-only needs --new-token or --print-url", { hint: "bs9 web --new-token --read-only" });
    if (flagOf(options, "stop")) return stopWeb(context);
    const renewed = renews ? tokenResult(level, context) : null;
    if (printsUrl) return loginResult(level, portIn(options), context);
    if (renewed !== null) return renewed;
    if (flagOf(options, "detach")) return detached(options, context);
    await serveHere(options, context);
    return null;
  },
};

function portIn(options: OptionValues): number | undefined {
  return parsed(options, "port", (text, what) => parseWhole(text, what, 1, 65_535));
}

async function detached(options: OptionValues, context: Context): Promise<Result> {
  const { config, cwd } = context;
  const host = parsed(options, "host", parseHost) ?? config.web.host;
  const isTls = tlsIn(options) !== null;
  const tls = ["tlsCert", "tlsKey"].flatMap((name) => {
    const file = textOf(options, name);
    return file === undefined ? [] : [name === "tlsCert" ? "--tls-cert" : "--tls-key", resolve(cwd, file)];
  });
  if (!isLoopback(host) && !isTls) context.warn(inClearText(host));
  const { url, port } = await detachWeb({ host, port: portIn(options) ?? config.web.port, tls }, context);
  return { value: { url, port }, names: [url], text: () => [`bs9-web listens on ${url}`], hints: ["Try: bs9 web --print-url"] };
}

const inClearText = (host: string): string =>
  `the server listens on ${host} without TLS: everybody on that network can read tokens and log lines on their way`;

async function serveHere(options: OptionValues, context: Context): Promise<void> {
  const { terminal, settings, config, signal } = context;
  const host = parsed(options, "host", parseHost) ?? config.web.host;
  const tls = tlsIn(options);
  context.sayFirst();
  const { running, stop } = await openWeb({ host, port: portIn(options) ?? config.web.port, tls }, context);
  try {
    if (!isLoopback(host) && tls === null) {
      context.warn(inClearText(host));
    }
    // The journal of a service keeps what it prints, so a URL that logs in is only printed on a terminal.
    const login = terminal.isTerminal ? loginUrl("full", running, context) : null;
    if (settings.json) terminal.print(JSON.stringify({ url: running.url }));
    else if (settings.quiet) terminal.print(running.url);
    else {
      terminal.print(`listening on ${running.url}`);
      if (login !== null) terminal.print(`log in:      ${login}`);
      else terminal.note("Try: bs9 web --print-url");
    }
    await ended(signal);
  } finally {
    await stop();
  }
}

/** Reads the certificate and its key. Throws where only one is given, and where one cannot be read. */
function tlsIn(options: OptionValues): { cert: string; key: string } | null {
  const [cert, key] = [textOf(options, "tlsCert"), textOf(options, "tlsKey")];
  if (cert === undefined && key === undefined) return null;
  if (cert === undefined || key === undefined) throw usage("--tls-cert and --tls-key are given together", { hint: "bs9 help web" });
  return { cert: pemIn(cert, "--tls-cert", "CERTIFICATE"), key: pemIn(key, "--tls-key", "PRIVATE KEY") };
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

const maxPemBytes = 256 * 1024;

function tokenResult(level: AccessLevel, { env, paths }: Context): Result {
  const file = renewToken(level, env, paths.config);
  const what = level === "read" ? "the read-only token" : "the token";
  return {
    value: { file, level },
    names: [file],
    text: () => [`${what} was made anew, in ${file}`],
  };
}

async function loginResult(level: AccessLevel, port: number | undefined, context: Context): Promise<Result> {
  const running = await runningWebs(context.paths.state);
  const [web] = port === undefined ? running : running.filter((one) => one.port === port);
  if (web === undefined)
    throw failed(`no web server runs${port === undefined ? "" : ` on port ${port}`}`, {
      hint: running[0] === undefined ? "bs9 web" : "bs9 web --print-url",
    });
  const url = loginUrl(level, web, context);
  return { value: { url }, names: [url], text: () => [url] };
}

/** Throws where there is no token of this level. */
function loginUrl(level: AccessLevel, { url, port }: RunningWeb, { env, paths }: Context): string {
  const credential = new Credentials(env, paths.config).current().find((one) => one.level === level);
  if (credential === undefined)
    throw failed(level === "read" ? "there is no read-only token yet" : "there is no token that can be used", {
      hint: level === "read" ? "bs9 web --new-token --read-only" : "bs9 web --new-token",
    });
  return `${url}login?code=${loginCode(credential, port, Date.now())}`;
}
