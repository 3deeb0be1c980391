// Counts the requests of one function of an app on Bun, and replaces its 404 where the preload has an answer. The duration lasts
// until the app returns its Response; Bun sends the body later.
import { publicAnswer } from "./answers.ts";
import { attempt, complain } from "./attempt.ts";
import { finishRunning, noteType, startRunning } from "./bun-in-flight.ts";
import { hasErrorFunction, isOwnCall, isUpgraded } from "./bun-server.ts";
import { now } from "./clock.ts";
import { isDraining } from "./draining.ts";
import { OwnPromise, OwnResponse } from "./own.ts";
import { pathOf, routeOfUrl } from "./paths.ts";
import { apply } from "./replace.ts";
import { type CountedRoute, count, otherRoute, routeOf } from "./series.ts";

export type Fetch = (this: unknown, request: Request, server: unknown) => unknown;

/** A route of the app, as its pattern and as it is counted. */
type Place = { pattern: string; route: CountedRoute };
/** `place` is null where the function `fetch` of the app answers. */
type Begun = { request: Request; place: Place | null; began: number };

/** Requests whose function threw, until the app's function `error` has answered them. */
const thrown = new WeakMap<object, Begun[]>();

/** As Bun answers where no route matches and the app has no function for that. */
export const answerNotFound: Fetch = () => new OwnResponse(null, { status: 404 });

export function counted(original: Fetch, pattern: string | null): Fetch {
  const place = pattern === null ? null : { pattern, route: routeOf(pattern) ?? otherRoute };
  return function fetch(this: unknown, request: Request, server: unknown): unknown {
    if (isOwnCall()) return apply(original, this, [request, server]);
    const began = now();
    let answer: unknown;
    try {
      answer = apply(original, this, [request, server]);
    } catch (error) {
      failed(error, { request, place, began }, server);
      throw error;
    }
    const present = answer instanceof OwnPromise ? valueIn(answer) : answer;
    if (present instanceof OwnPromise) return later(present, { request, place, began }, server);
    return finished(present, request, place, began);
  };
}

/** The value of a promise that is fulfilled already, which Bun sends at once, or the promise. */
function valueIn(promise: Promise<unknown>): unknown {
  try {
    // Bun.peek alone also gives the reason of a rejection.
    return Bun.peek.status(promise) === "fulfilled" ? Bun.peek(promise) : promise;
  } catch (error) {
    complain(error);
    return promise;
  }
}

async function later(answer: Promise<unknown>, begun: Begun, server: unknown): Promise<unknown> {
  attempt(() => startRunning(begun));
  let result: unknown;
  try {
    result = await answer;
  } catch (error) {
    failed(error, begun, server);
    throw error;
  } finally {
    attempt(() => finishRunning(begun));
  }
  return finished(result, begun.request, begun.place, begun.began);
}

function failed(error: unknown, begun: Begun, server: unknown): void {
  attempt(() => {
    const isAnswered = hasErrorFunction(server) && typeof error === "object" && error !== null;
    if (isAnswered) thrown.set(error, [...(thrown.get(error) ?? []), begun]);
    else settle(begun, 500);
  });
}

/** The function `error` of an app, which answers the requests whose function threw. */
export function countedError(original: (this: unknown, error: unknown) => unknown): (error: unknown) => unknown {
  return function error(this: unknown, reason: unknown): unknown {
    const begun = begunOf(reason);
    if (begun === undefined) return apply(original, this, [reason]);
    const ended = (result: unknown) => {
      attempt(() => settle(begun, result instanceof OwnResponse ? result.status : 500));
      attempt(() => result instanceof OwnResponse && closeIfDraining(result));
      return result;
    };
    const fail = (second: unknown): never => {
      ended(null);
      throw second;
    };
    let answer: unknown;
    try {
      answer = apply(original, this, [reason]);
    } catch (second) {
      return fail(second);
    }
    const present = answer instanceof OwnPromise ? valueIn(answer) : answer;
    return present instanceof OwnPromise ? present.then(ended, fail) : ended(present);
  };
}

function begunOf(error: unknown): Begun | undefined {
  try {
    return typeof error === "object" && error !== null ? thrown.get(error)?.shift() : undefined;
  } catch (failure) {
    complain(failure);
    return undefined;
  }
}

function finished(answer: unknown, request: Request, place: Place | null, began: number): unknown {
  try {
    return counting(answer, request, place, began);
  } catch (error) {
    complain(error);
    return answer;
  }
}

function counting(answer: unknown, request: Request, place: Place | null, began: number): unknown {
  if (!(answer instanceof OwnResponse)) {
    // Bun answers 204 where the app returns nothing.
    settle({ request, place, began }, isUpgraded(request) ? 101 : 204);
    return answer;
  }
  const { status } = answer;
  if (status === 404) return closeIfDraining(notFoundOr(answer, { request, place, began }));
  const route = place === null ? routeOfUrl(request.url, status) : place.route;
  count(route, request.method, status, began);
  noteType(route, answer);
  return closeIfDraining(answer);
}

/** A 404 of a route of exactly this path is the app's own answer. */
function notFoundOr(answer: Response, begun: Begun): Response {
  const { request, place } = begun;
  const path = pathOf(request.url);
  // Most requests end here, without a look at their headers.
  const isOwn = place?.pattern === path || publicAnswer(request.method, path, "") === null;
  const own = isOwn ? null : publicAnswer(request.method, path, request.headers.get("accept") ?? "");
  if (own === null) {
    settle(begun, 404);
    return answer;
  }
  const instead = new OwnResponse(own.body, { status: own.status, headers: { "content-type": own.type } });
  settle({ ...begun, place: null }, own.status);
  void answer.body?.cancel().catch(() => {});
  return instead;
}

function settle({ request, place, began }: Begun, status: number): void {
  count(place === null ? routeOfUrl(request.url, status) : place.route, request.method, status, began);
}

/** While the app stops, a client must not send its next request on this connection. */
function closeIfDraining(answer: Response): Response {
  if (!isDraining()) return answer;
  try {
    answer.headers.set("connection", "close");
  } catch {
    // the headers are immutable
  }
  return answer;
}
