// The HTTP server: /healthz for everybody, and the API for clients with the token or a session.
import { hostname } from "node:os";
import { currentUser } from "../base/user.ts";
import { placeIn } from "./api/events.ts";
import { Auth, usesTls } from "./auth.ts";
import type { Certificate } from "./certificate.ts";
import type { Credential } from "./credentials.ts";
import { Hub } from "./hub.ts";
import { Listening } from "./listening.ts";
import { LoginCodes } from "./login-code.ts";
import { foreign, ownNamesOf } from "./origin.ts";
import type { PageAsset } from "./page.ts";
import { type HttpAnswer, problem, problemOf, responseOf } from "./problem.ts";
import { Quota } from "./quota.ts";
import { Room } from "./room.ts";
import { type Asked, checkQuery, findRoute } from "./route.ts";
import { routesOf } from "./routes.ts";
import { WebSessions } from "./sessions.ts";
import { within } from "./shared.ts";
import { type SocketState, sockets, upgraded, webSocketOf } from "./socket.ts";
import type { WebSource } from "./source.ts";

export type WebOptions = {
  host: string;
  /** Port 0 takes a free port. */
  port: number;
  /** The address behind a reverse proxy, or null. */
  publicUrl: string | null;
  /** Null for plain HTTP. */
  certificate: Certificate | null;
  /** Reports a trouble that does not end the server. */
  warn: (text: string) => void;
  credentials: () => Credential[];
  source: WebSource;
  /** The files of the page. */
  assets: readonly PageAsset[];
  now: () => number;
};
export type Web = { port: number; stop(): Promise<void> };

const idleSeconds = 10;
const maxBodyBytes = 16 * 1024;
const bodyWithinMs = 10_000;
/** Requests that are being answered at the same time; further ones are refused, so that memory stays bounded. */
const answering = { total: 128, perAddress: 128 };
/** Requests without a token, such as logins, have places of their own, so that slow ones never keep out the owner of a token. */
const answeringGuests = { total: 32, perAddress: 8 };

/** Throws where the port is taken, and where the certificate cannot be used. */
export function serveWeb(options: WebOptions): Web {
  const hub = new Hub(options.source);
  let answer: ReturnType<typeof answerer> | null = null;
  const listening = new Listening({
    host: options.host,
    port: options.port,
    certificate: options.certificate,
    warn: options.warn,
    serving: {
      development: false,
      idleTimeout: idleSeconds,
      maxRequestBodySize: maxBodyBytes,
      fetch: async (request: Request, own: Bun.Server<SocketState>) => {
        const made = await answer?.(request, {
          address: own.requestIP(request)?.address ?? "",
          idleLimit: (seconds) => own.timeout(request, seconds),
          upgrade: (state) => upgraded(own, request, state),
        });
        return made === null || made === undefined ? undefined : responseOf(made, request.headers.get("accept-encoding"));
      },
      websocket: webSocketOf(hub),
      error: (error) => responseOf(problemOf(error), null),
    },
  });
  const ending = new AbortController();
  answer = answerer(options, listening.port, ending.signal);
  const stop = async () => {
    hub.stop();
    ending.abort();
    await listening.stop();
  };
  return { port: listening.port, stop };
}

/** What the server knows of the connection of a request. */
type ConnectionOf = {
  address: string;
  /** Sets for how long the connection of the request may be idle; 0 is without a limit. */
  idleLimit(seconds: number): void;
  /** Makes the connection a WebSocket; false where the request does not ask for one. */
  upgrade(state: SocketState): boolean;
};

/** Returns the function that answers a request; null where the connection has become a WebSocket. */
function answerer({ host, certificate, publicUrl, credentials, source, assets, now }: WebOptions, port: number, ends: AbortSignal) {
  const isOwnTls = certificate !== null;
  const ours = ownNamesOf(host, hostname(), publicUrl);
  const sessions = new WebSessions(now);
  const cookieName = `bs9-${currentUser().uid}-${port}`;
  const auth = new Auth({ credentials, sessions, cookieName, now });
  const publicPath = publicUrl === null ? "/" : new URL(publicUrl).pathname;
  const codes = new LoginCodes(port, now);
  const session = { auth, sessions, codes, credentials, cookieName, publicPath, loggedIn: source.loggedIn };
  const routes = routesOf({ source, session, assets, now, publicUrl, ends });
  const [members, guests] = [new Room(answering), new Room(answeringGuests)];
  const socketPlaces = new Quota(sockets);
  return async (request: Request, { address, idleLimit, upgrade }: ConnectionOf): Promise<HttpAnswer | null> => {
    const { headers, method } = request;
    const refused = foreign(headers, ours);
    if (refused !== null) return refused;
    const { pathname, searchParams } = new URL(request.url);
    const found = findRoute(routes, method, pathname);
    if ("status" in found) return found;
    const { route, name } = found;
    const isTls = usesTls({ headers, address }, isOwnTls, publicUrl);
    const caller = { headers, address, isTls };
    const access = auth.admit(caller, route);
    if (access !== null && "status" in access) return access;
    const free = route.isFree === true ? () => {} : (access === null ? guests : members).take(address);
    if (free === null) return problem(503, "too many requests at the same time", { "Retry-After": "1", Connection: "close" });
    if (route.isSlow === true) idleLimit(0);
    try {
      checkQuery(route, searchParams);
      if (route.isSocket === true && access !== null && method === "GET" && headers.get("upgrade")?.toLowerCase() === "websocket") {
        const place = placeIn(searchParams);
        const left = socketPlaces.take(access);
        if (left === null) return problem(429, "too many WebSockets", { "Retry-After": "10" });
        const isAllowed = () => !("status" in auth.access(caller));
        if (upgrade({ place, isAllowed, left, listener: null })) return null;
        left();
      }
      const asked: Asked = {
        name,
        query: searchParams,
        headers,
        body: () => bodyOf(request),
        address,
        signal: request.signal,
        isTls,
        isOwnTls,
        access,
      };
      return await route.answer(asked);
    } catch (error) {
      return error instanceof BadBody ? problem(error.status, error.message, { Connection: "close" }) : problemOf(error);
    } finally {
      // Without this limit, a client that does not read its answer would keep the connection and the answer for ever.
      if (route.isSlow === true) idleLimit(idleSeconds);
      free();
    }
  };
}

/** A body that did not come in time, or that is too long. */
class BadBody extends Error {
  readonly status: 408 | 413;

  constructor(status: 408 | 413, detail: string) {
    super(detail);
    this.status = status;
  }
}

async function bodyOf(request: Request): Promise<string> {
  const tooLong = () => new BadBody(413, `the body must not have more than ${maxBodyBytes} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBodyBytes) throw tooLong();
  let text: string | null;
  try {
    text = await within(request.text(), bodyWithinMs);
  } catch {
    throw tooLong();
  }
  if (text === null) throw new BadBody(408, "the body did not come in time");
  return text;
}
