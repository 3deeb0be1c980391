// Asks the API of the server. Addresses are relative to the page, so that they also hold under the path of a reverse proxy.

/** An answer of the server that refuses a request, with its sentence and what to do. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly hint: string | null;

  constructor(status: number, detail: string, hint: string | null) {
    super(detail);
    this.status = status;
    this.hint = hint;
  }
}

type Query = Record<string, string | number | null>;

const pageBase = new URL("./", location.href);

export function apiUrl(path: string, query: Query = {}): URL {
  const url = new URL(path, pageBase);
  for (const [name, value] of Object.entries(query)) if (value !== null && value !== "") url.searchParams.set(name, String(value));
  return url;
}

const getTimeoutMs = 20_000;
/** An act waits until its service is ready. */
const actTimeoutMs = 180_000;

/** What the API answers is described by /api/openapi.json; the page belongs to the same executable as the server. */
export async function apiGet<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return (await apiGetTimed<T>(path, query, signal)).answer;
}

/**
 * Returns the answer and when the request was sent, by the clock of the server: the clock of the browser may be wrong. The time is
 * early by up to a second, because the date of an answer has whole seconds. It is null where the answer has no date.
 */
export async function apiGetTimed<T>(
  path: string,
  query: Query = {},
  signal?: AbortSignal,
): Promise<{ answer: T; askedMs: number | null }> {
  const limit = AbortSignal.timeout(getTimeoutMs);
  const startedMs = performance.now();
  const answered = await fetch(apiUrl(path, query), { signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) });
  if (!answered.ok) throw await problemIn(answered);
  const askedMs = Date.parse(answered.headers.get("Date") ?? "") - (performance.now() - startedMs);
  return { answer: (await answered.json()) as T, askedMs: Number.isNaN(askedMs) ? null : askedMs };
}

export async function apiPost<T>(path: string, body: unknown = null): Promise<T | null> {
  const headers: Record<string, string> = body === null ? {} : { "Content-Type": "application/json" };
  const answered = await fetch(apiUrl(path), {
    method: "POST",
    headers,
    body: body === null ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(actTimeoutMs),
  });
  if (!answered.ok) throw await problemIn(answered);
  return answered.status === 204 ? null : ((await answered.json()) as T);
}

async function problemIn(answered: Response): Promise<ApiProblem> {
  try {
    const { detail, hint } = (await answered.json()) as { detail?: unknown; hint?: unknown };
    if (typeof detail === "string") return new ApiProblem(answered.status, detail, typeof hint === "string" ? hint : null);
  } catch {
    // A reverse proxy answers with a page of its own.
  }
  return new ApiProblem(answered.status, `the server answers with status ${answered.status}`, null);
}

/** The sentence to show for an error of a request. */
export function whyFailed(error: unknown): string {
  if (error instanceof ApiProblem) return error.hint === null ? error.message : `${error.message}. Try: ${error.hint}`;
  if (error instanceof DOMException && error.name === "TimeoutError") return "the server did not answer in time";
  // The browser throws a TypeError where a request comes to no answer.
  return error instanceof Error && !(error instanceof TypeError) && !(error instanceof DOMException)
    ? error.message
    : "the server cannot be reached";
}

export const isLoggedOut = (error: unknown): boolean => error instanceof ApiProblem && error.status === 401;
