// bs9 web: the web server in the foreground, its login URLs and its tokens.
import { resolve } from "node:path";
import { usage } from "../base/errors.ts";
import { ended } from "../base/interrupt.ts";
import { parseWhole } from "../base/quantities.ts";
import { parseHost } from "../config/web.ts";
import type { Context } from "../context.ts";
import { Certificate } from "../web/certificate.ts";
import type { AccessLevel } from "../web/token.ts";
import type { Command, OptionValues, Result } from "./command.ts";
import { dashed, flagOf, parsed, textOf } from "./options.ts";
import { detachWeb, stopWeb } from "./web-detached.ts";
import { openWeb, type WebPlace, warnOfClearText } from "./web-open.ts";
import { loginUrl, printedUrl, renewedToken } from "./web-tokens.ts";

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
    const [given, other] = alternatives.filter((name) => flagOf(options, name));
    if (given !== undefined && other !== undefined)
      throw usage(`--${dashed(given)} and --${dashed(other)} cannot be used together`, { hint: "bs9 help web" });
    const readOnly = flagOf(options, "readOnly");
    const level: AccessLevel = readOnly ? "read" : "full";
    if (readOnly && given !== "printUrl" && given !== "newToken")
      throw usage("--read-only needs --new-token or --print-url", { hint: "bs9 web --new-token --read-only" });
    const unused = given === undefined || given === "detach" ? undefined : placing.find((name) => textOf(options, name) !== undefined);
    if (given !== undefined && unused !== undefined)
      throw usage(`--${dashed(unused)} cannot be used with --${dashed(given)}`, { hint: "bs9 help web" });
    if (given === "stop") return stopWeb(context);
    if (given === "printUrl") return printedUrl(level, portIn(options), context);
    if (given === "newToken") return renewedToken(level, portIn(options), context);
    if (given === "detach") return detached(options, context);
    await serveHere(options, context);
    return null;
  },
};

const alternatives = ["stop", "detach", "printUrl", "newToken"];
/** The options that say where and how a new server listens; --port also chooses among the servers that run. */
const placing = ["host", "tlsCert", "tlsKey"];

function portIn(options: OptionValues): number | undefined {
  return parsed(options, "port", (text, what) => parseWhole(text, what, 1, 65_535));
}

function placeIn(options: OptionValues, { config, cwd }: Context): WebPlace {
  return {
    host: parsed(options, "host", parseHost) ?? config.web.host,
    port: portIn(options) ?? config.web.port,
    certificate: certificateIn(options, cwd),
  };
}

async function detached(options: OptionValues, context: Context): Promise<Result> {
  const place = placeIn(options, context);
  warnOfClearText(place, context);
  const { url, port } = await detachWeb(place, context);
  return { value: { url, port }, names: [url], text: () => [`bs9-web listens on ${url}`], hints: ["Try: bs9 web --print-url"] };
}

async function serveHere(options: OptionValues, context: Context): Promise<void> {
  const { terminal, settings, signal } = context;
  const place = placeIn(options, context);
  context.sayFirst();
  const { running, stop } = await openWeb(place, context);
  try {
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

/** The certificate and its key, with absolute paths. Throws where only one is given, and where one cannot be read. */
function certificateIn(options: OptionValues, cwd: string): Certificate | null {
  const [cert, key] = [textOf(options, "tlsCert"), textOf(options, "tlsKey")];
  if (cert === undefined && key === undefined) return null;
  if (cert === undefined || key === undefined) throw usage("--tls-cert and --tls-key are given together", { hint: "bs9 help web" });
  return new Certificate({ cert: resolve(cwd, cert), key: resolve(cwd, key) });
}
