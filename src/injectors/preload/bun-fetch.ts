// Counts the requests of one function of an app on Bun, and replaces its 404 where the preload has an answer. The duration lasts
// until the app returns its Response; Bun sends the body later.
import { publicAnswer } from "./answers.ts";
import { isOwnCall, isUpgraded } from "./bun-server.ts";
import { isDraining } from "./draining.ts";
import { pathOf, routeOfUrl } from "./paths.ts";
import { type CountedRoute, count } from "./series.ts";

export type Fetch = (this: unknown, request: Request, server: unknown) => unknown;

type Begun = { request: Request; route: CountedRoute | null; began: number };

/** Requests whose function threw, until the app's function `error` has answered them. */
const thrown = new WeakMap<object, Begun[]>();

/** As Bun answers where no route matches and the app has no function for that. */
export const answerNotFound: Fetch = () => new Response(null, { status: 404 });

/** `route` is the pattern of the app; without one, the path of the request decides. */
export function counted(original: Fetch, route: CountedRoute | null, hasError: boolean): Fetch {
  const failed = (error: unknown, begun: Begun) => {
    if (hasError && typeof error === "object" && error !== null) thrown.set(error, [...(thrown.get(error) ?? []), begun]);
    else settle(begun.request, 500, begun.route, begun.began);
  };
  const later = async (answer: PromiseLike<unknown>, begun: Begun) => {
    let result: unknown;
    try {
      result = await answer;
    } catch (error) {
      failed(error, begun);
      throw error;
    }
    return finished(result, begun.request, begun.route, begun.began);
  };
  return function fetch(this: unknown, request: Request, server: unknown): unknown {
    if (isOwnCall()) return original.call(this, request, server);
    const began = performance.now();
    let answer: unknown;
    try {
      answer = original.call(this, request, server);
    } catch (error) {
      failed(error, { request, route, began });
      throw error;
    }
    if (answer instanceof Response) return finished(answer, request, route, began);
    // A promise that is fulfilled already is answered at once, as Bun does it.
    if (answer instanceof Promise) {
      const present = fulfilledOr(answer);
      if (present instanceof Response) return finished(present, request, route, began);
      return later(answer, { request, route, began });
    }
    return finished(answer, request, route, began);
  };
}

/** The function `error` of an app, which answers the requests whose function threw. */
export function countedError(original: (this: unknown, error: unknown) => unknown): (error: unknown) => unknown {
  return function error(this: unknown, reason: unknown): unknown {
    const begun = take(reason);
    if (begun === undefined) return original.call(this, reason);
    const { request, route, began } = begun;
    const fail = (second: unknown): never => {
      settle(request, 500, route, began);
      throw second;
    };
    let answer: unknown;
    try {
      answer = original.call(this, reason);
    } catch (second) {
      return fail(second);
    }
    const present = answer instanceof Promise ? fulfilledOr(answer) : answer;
    if (present instanceof Promise) return present.then((result) => finishedError(result, begun), fail);
    return finishedError(present, begun);
  };
}

/** The value of a promise that is fulfilled already, or the promise. Bun.peek alone also gives the reason of a rejection. */
function fulfilledOr(promise: Promise<unknown>): unknown {
  return Bun.peek.status(promise) === "fulfilled" ? Bun.peek(promise) : promise;
}

function finishedError(result: unknown, { request, route, began }: Begun): unknown {
  settle(request, result instanceof Response ? result.status : 500, route, began);
  return result;
}

function take(error: unknown): Begun | undefined {
  return typeof error === "object" && error !== null ? thrown.get(error)?.shift() : undefined;
}

function finished(answer: unknown, request: Request, route: CountedRoute | null, began: number): unknown {
  if (answer instanceof Response) {
    const { status } = answer;
    if (status === 404) return notFoundOr(answer, request, route, began);
    settle(request, status, route, began);
    if (isDraining()) closeAfter(answer);
    return answer;
  }
  // Bun answers 204 where the app returns nothing.
  settle(request, isUpgraded(request) ? 101 : 204, route, began);
  return answer;
}

function notFoundOr(answer: Response, request: Request, route: CountedRoute | null, began: number): Response {
  const path = pathOf(request.url);
  // Most requests end here, without a look at their headers.
  const isOwn = publicAnswer(request.method, path, "") !== null;
  const own = isOwn ? publicAnswer(request.method, path, request.headers.get("accept") ?? "") : null;
  if (own === null) {
    settle(request, 404, route, began);
    return answer;
  }
  void answer.body?.cancel().catch(() => {});
  settle(request, own.status, null, began);
  return new Response(own.body, { status: own.status, headers: { "content-type": own.type } });
}

function settle(request: Request, status: number, route: CountedRoute | null, began: number): void {
  count(route ?? routeOfUrl(request.url, status), request.method, status, began);
}

/** While the app stops, a client must not send its next request on this connection. */
function closeAfter(answer: Response): void {
  try {
    answer.headers.set("connection", "close");
  } catch {
    // the headers are immutable
  }
}
