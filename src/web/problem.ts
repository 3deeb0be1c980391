// The answers of the HTTP server, and its errors: application/problem+json (RFC 9457), with the headers that every answer has.
import { Bs9Error, type ErrorCode, reasonOf } from "../base/errors.ts";
import { stripText } from "../service/masking.ts";

const titles = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  426: "Upgrade Required",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;

export type FailureStatus = keyof typeof titles;

/** An answer before it is sent, so that an answer that several clients get is compressed once. */
export type HttpAnswer = { status: number; headers: Record<string, string>; body: string; gzipped?: Uint8Array<ArrayBuffer> };

export function problem(
  status: FailureStatus,
  detail: string,
  headers: Record<string, string> = {},
  more: Record<string, unknown> = {},
): HttpAnswer {
  const body = { type: "about:blank", title: titles[status], status, detail, ...more };
  return answer(JSON.stringify(body), "application/problem+json", { status, headers });
}

const statusOf: Record<ErrorCode, FailureStatus> = {
  usage: 400,
  "not-found": 404,
  refused: 409,
  failed: 500,
  "no-backend": 503,
  interrupted: 503,
};

/** Turns an error that was thrown into an answer; the text of an error that is a bug of bs9 is not sent. */
export function problemOf(error: unknown): HttpAnswer {
  if (!(error instanceof Bs9Error)) return problem(500, "this request caused an error in bs9, which is a bug");
  return problem(statusOf[error.code], stripText(reasonOf(error)), {}, { hint: error.hint ?? null });
}

export function jsonAnswer(value: unknown): HttpAnswer {
  return answer(JSON.stringify(value), "application/json", {});
}

export function textAnswer(text: string, type = "text/plain; charset=utf-8"): HttpAnswer {
  return answer(text, type, {});
}

/** A file of the page; `headers` replace those that every other answer has. */
export function fileAnswer(body: string, type: string, headers: Record<string, string>): HttpAnswer {
  return { status: 200, headers: { ...always, "Content-Type": type, ...headers }, body };
}

/** An answer without a body, such as a redirection. */
export function emptyAnswer(status: 204 | 303 | 304, headers: Record<string, string>): HttpAnswer {
  return { status, headers: { ...always, ...headers }, body: "" };
}

/** No answer but the files of the page is a page or may be cached; none is for another site. */
const always = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

function answer(
  body: string,
  type: string,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> },
): HttpAnswer {
  return { status, headers: { ...always, ...headers, "Content-Type": type }, body };
}

/** Smaller bodies are sent as they are, because compressing them saves nothing. */
const minCompressedBytes = 1024;

/** Makes the response, compressed where the client accepts gzip and the body is long enough. */
export function responseOf(made: HttpAnswer, acceptEncoding: string | null): Response {
  const { status, headers, body } = made;
  if (status === 204 || status === 303 || status === 304) return new Response(null, { status, headers });
  if (body.length < minCompressedBytes || !/(?:^|[\s,])(?:gzip|\*)(?!\s*;\s*q=0(?:\.0*)?(?:[\s,]|$))/i.test(acceptEncoding ?? ""))
    return new Response(body, { status, headers: { ...headers, Vary: "Accept-Encoding" } });
  made.gzipped ??= Bun.gzipSync(Buffer.from(body), { level: 4 });
  return new Response(made.gzipped, { status, headers: { ...headers, Vary: "Accept-Encoding", "Content-Encoding": "gzip" } });
}
