// Errors over HTTP: application/problem+json (RFC 9457), with the headers that every answer has.
const titles = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;

export function problem(status: keyof typeof titles, detail: string, headers: Record<string, string> = {}): Response {
  const body = { type: "about:blank", title: titles[status], status, detail };
  return answer(JSON.stringify(body), "application/problem+json", { status, headers });
}

export function jsonResponse(value: unknown): Response {
  return answer(JSON.stringify(value), "application/json", {});
}

export function textResponse(line: string): Response {
  return answer(`${line}\n`, "text/plain; charset=utf-8", {});
}

/** No answer is a page, may be cached, or is for another site. */
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
): Response {
  return new Response(body, { status, headers: { ...always, ...headers, "Content-Type": type } });
}
