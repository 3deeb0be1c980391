// The requests of node:http that are not answered yet, and the count of those that are.
import { attempt } from "./attempt.ts";
import { now } from "./clock.ts";
import { folded, pathOf, routeOfUrl } from "./paths.ts";
import { type CountedRoute, count, routeOf } from "./series.ts";

export type NodeRequest = {
  method?: string;
  url?: string;
  httpVersionMajor?: number;
  socket?: Connection | null;
};
export type NodeResponse = {
  statusCode: number;
  headersSent: boolean;
  shouldKeepAlive?: boolean;
  /** The head as Node sends it, which alone has the headers that were given to writeHead. */
  _header?: unknown;
  getHeader?(name: string): unknown;
  [exchange]?: Exchange;
};
type Connection = { once?(name: "close", then: () => void): unknown; [unanswered]?: Set<Exchange> };

/** A request and its response. `began` is NaN once it is counted. */
type Exchange = { request: NodeRequest; response: NodeResponse; began: number; among: Set<Exchange>; whenOver?: () => void };

const exchange = Symbol("bs9.exchange");
const unanswered = Symbol("bs9.unanswered");
/** The unanswered requests of HTTP/2, of Bun, and of sockets that are objects of an app. */
const loose = new Set<Exchange>();
/** The unanswered requests by their connection. A connection without one has no set here, because it may never close. */
const sets = new Set<Set<Exchange>>();
let total = 0;

export const nodeInFlight = (): number => total;
/** The connections that have unanswered requests; those of the loose requests count as one. */
export const busyConnections = (): number => sets.size;

/** The event streams, and the requests that wait since before `since`, which is how long polling looks. */
export function nodeLongLived(since: number): number {
  let sum = 0;
  for (const set of sets) {
    for (const { response, began } of set) {
      if (response.headersSent ? isEventStream(response) : began < since) sum++;
    }
  }
  return sum;
}

const eventStream = /^text\/event-stream/i;
const inHead = /\r\ncontent-type: *text\/event-stream/i;

function isEventStream(response: NodeResponse): boolean {
  return eventStream.test(String(response.getHeader?.("content-type"))) || inHead.test(String(response._header));
}

/** False for a request that is known already: an app may emit "request" itself, after "checkContinue" or on another server. */
export function begin(request: NodeRequest, response: NodeResponse): boolean {
  if (response[exchange] !== undefined) return false;
  const begun = { request, response, began: now(), among: setOf(request) };
  response[exchange] = begun;
  begun.among.add(begun);
  sets.add(begun.among);
  total++;
  return true;
}

/**
 * Tells the clients of the requests in flight to send no further request on their connection. Node closes a connection after the
 * response that tells so, so only the last of pipelined requests does it.
 */
export function closeAfterAnswers(): void {
  const last = new Map<unknown, NodeResponse>();
  for (const set of sets) for (const { request, response } of set) last.set(request.socket ?? response, response);
  for (const response of last.values()) if (!response.headersSent) response.shouldKeepAlive = false;
}

/** A client that went away before the answer is counted as nginx does it, with 499. HTTP/2 emits "finish" for it, too. */
export function end(response: object): void {
  const ended = (response as NodeResponse)[exchange];
  if (ended !== undefined) settle(ended);
}

/** Calls `then` once the request is answered, or its client is gone. */
export function whenEnded(response: object, then: () => void): void {
  const begun = (response as NodeResponse)[exchange];
  if (begun !== undefined) begun.whenOver = then;
}

function settle(ended: Exchange): void {
  const { request, response, began, among } = ended;
  if (Number.isNaN(began)) return;
  ended.began = Number.NaN;
  among.delete(ended);
  if (among.size === 0) sets.delete(among);
  total--;
  if (ended.whenOver !== undefined) attempt(ended.whenOver);
  const status = response.headersSent ? response.statusCode : 499;
  count(routeOfExpress(request) ?? routeOfUrl(request.url ?? "/", status), request.method ?? "OTHER", status, began);
}

/**
 * Where a client pipelines requests, Node gives the connection only to the first response, so the others emit nothing when the
 * connection closes.
 */
function setOf({ httpVersionMajor, socket }: NodeRequest): Set<Exchange> {
  if (typeof Bun !== "undefined" || httpVersionMajor === 2 || typeof socket !== "object" || socket === null) return loose;
  const known = socket[unanswered];
  if (known !== undefined) return known;
  // Apps emit "request" with an object of their own as the socket, which never closes.
  if (typeof socket.once !== "function") return loose;
  const set = new Set<Exchange>();
  socket.once("close", () => {
    for (const left of set) attempt(() => settle(left));
  });
  socket[unanswered] = set;
  return set;
}

type ExpressRequest = NodeRequest & { baseUrl?: unknown; originalUrl?: unknown; route?: { path?: unknown } };

const expressRoutes = new WeakMap<object, { base: string; route: CountedRoute | null }>();

/** Null if the request has no route of express. */
function routeOfExpress({ baseUrl, originalUrl, route }: ExpressRequest): CountedRoute | null {
  if (typeof originalUrl !== "string" || typeof route !== "object" || route === null) return null;
  const base = typeof baseUrl === "string" ? baseUrl : "";
  const known = expressRoutes.get(route);
  if (known !== undefined && known.base === base) return known.route;
  if (typeof route.path !== "string") return null;
  const found = routeOf(`${foldedBase(base)}${route.path}`);
  expressRoutes.set(route, { base, route: found });
  return found;
}

function foldedBase(base: string): string {
  return base === "" ? "" : folded(pathOf(base));
}
