// Opens the web server for `bs9 web` and `bs9 run`: its port, its token, and the record of where it listens.

import { isIPv6 } from "node:net";
import { hostname } from "node:os";
import { reasonOf } from "../base/errors.ts";
import { isLoopback } from "../base/loopback.ts";
import { harmless } from "../base/text.ts";
import { firstWebPort } from "../config/web.ts";
import type { Context } from "../context.ts";
import { version } from "../version.ts";
import type { Certificate } from "../web/certificate.ts";
import { Credentials } from "../web/credentials.ts";
import { pageAssets } from "../web/page.ts";
import { type RunningWeb, recordWeb } from "../web/running.ts";
import { serveWeb, type Web } from "../web/server.ts";
import { loadToken, type Token, tokenFile } from "../web/token.ts";
import { webSourceOf } from "./web-source.ts";

/** How many ports are tried where the user has chosen none. */
const triedPorts = 100;

/** `port`: null means the first free port from 8080 on. */
export type WebPlace = { host: string; port: number | null; certificate: Certificate | null };
export type OpenWeb = { token: Token; running: RunningWeb; stop(): Promise<void> };

/** Throws where the port is taken, and where the token cannot be used. */
export async function openWeb(place: WebPlace, context: Context): Promise<OpenWeb> {
  const { env, paths, config } = context;
  const { host, certificate } = place;
  const token = loadToken(env, paths.config);
  const file = tokenFile("full", env, paths.config);
  const web = listen(place, file, context);
  const url = config.web.publicUrl ?? urlOf(host, web.port, certificate !== null);
  const running = { host, port: web.port, url, startedMs: Date.now(), tokenFile: file, version: version.version };
  try {
    const forget = await recordWeb(paths.state, running);
    warnOfClearText(place, context);
    return {
      token,
      running,
      async stop() {
        forget();
        await web.stop();
      },
    };
  } catch (error) {
    await web.stop();
    throw error;
  }
}

/** Listens there for a moment, and returns the port. Throws for the reasons for which a server at this place would not start. */
export async function tryWeb(place: WebPlace, context: Context): Promise<number> {
  const { env, paths } = context;
  loadToken(env, paths.config);
  const web = listen(place, tokenFile("full", env, paths.config), context);
  await web.stop();
  return web.port;
}

/** Warns where tokens would cross a network unencrypted. */
export function warnOfClearText({ host, certificate }: WebPlace, { warn }: Context): void {
  if (isLoopback(host) || certificate !== null) return;
  warn(`the server listens on ${host} without TLS: everybody on that network can read tokens and log lines on their way`);
}

function listen({ host, port, certificate }: WebPlace, file: string, context: Context): Web {
  const { publicUrl } = context.config.web;
  const credentials = new Credentials(file, context.paths.config);
  const source = webSourceOf(context);
  const warn = (text: string) => context.warn(harmless(text));
  const ground = { host, publicUrl, certificate, warn, source, assets: pageAssets, now: Date.now };
  const serve = (at: number) => serveWeb({ ...ground, port: at, credentials: () => credentials.current() });
  return port === null ? firstFree(serve) : serve(port);
}

/** Other users may have their own server, so the next port is tried where the user has not chosen one. */
function firstFree(serve: (port: number) => Web): Web {
  for (let port = firstWebPort; ; port++) {
    try {
      return serve(port);
    } catch (error) {
      if (port >= firstWebPort + triedPorts || !reasonOf(error).endsWith("the port is taken")) throw error;
    }
  }
}

/** The address for a browser: a server on every address is also reached by the name of the host. */
function urlOf(host: string, port: number, isTls: boolean): string {
  return addressOf(host === "0.0.0.0" || host === "::" ? hostname() : host, port, isTls);
}

export function addressOf(host: string, port: number, isTls: boolean): string {
  return `${isTls ? "https" : "http"}://${isIPv6(host) ? `[${host}]` : host}:${port}/`;
}
