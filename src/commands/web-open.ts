// Opens the web server for `bs9 web` and `bs9 run`: its port, its token, and the record of where it listens.

import { isIPv6 } from "node:net";
import { hostname } from "node:os";
import { reasonOf } from "../base/errors.ts";
import { firstWebPort } from "../config/web.ts";
import type { Context } from "../context.ts";
import { Credentials } from "../web/credentials.ts";
import { pageAssets } from "../web/page.ts";
import { type RunningWeb, recordWeb } from "../web/running.ts";
import { serveWeb, type Web } from "../web/server.ts";
import { loadToken, type Token } from "../web/token.ts";
import { webSourceOf } from "./web-source.ts";

/** How many ports are tried where the user has chosen none. */
const triedPorts = 100;

/** `port`: null means the first free port from 8080 on. */
export type WebPlace = { host: string; port: number | null; tls: { cert: string; key: string } | null };
export type OpenWeb = { token: Token; running: RunningWeb; stop(): Promise<void> };

/** Throws where the port is taken, and where the token cannot be used. */
export async function openWeb({ host, port, tls }: WebPlace, context: Context): Promise<OpenWeb> {
  const { env, paths, config } = context;
  const { publicUrl } = config.web;
  const token = loadToken(env, paths.config);
  const credentials = new Credentials(env, paths.config);
  const source = webSourceOf(context);
  const serve = (at: number) =>
    serveWeb({ host, port: at, publicUrl, tls, credentials: () => credentials.current(), source, assets: pageAssets, now: Date.now });
  const web = port === null ? firstFree(serve) : serve(port);
  const running = { host, port: web.port, url: publicUrl ?? urlOf(host, web.port, tls !== null), startedMs: Date.now() };
  try {
    const forget = await recordWeb(paths.state, running);
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
