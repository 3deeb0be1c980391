// Replaces a 404 of an app on node:http, for the paths that the preload answers. The app runs as it would without the preload; what
// it writes of its 404 is dropped.
import { publicAnswer } from "./answers.ts";
import { pathOf } from "./paths.ts";

type Request = { method?: string; url?: string; headers: Record<string, string | string[] | undefined> };
type Response = {
  statusCode: number;
  statusMessage?: string;
  headersSent: boolean;
  getHeaderNames(): string[];
  removeHeader(name: string): void;
  setHeader(name: string, value: string | number): void;
  writeHead(...args: unknown[]): unknown;
  write(...args: unknown[]): unknown;
  end(...args: unknown[]): unknown;
};

export function takeNotFound(request: object, response: object): void {
  const { method = "", url = "", headers } = request as Request;
  // Most requests end here: /healthz, /readyz and /metrics have these letters.
  if (!url.startsWith("/healthz") && !url.startsWith("/readyz") && !url.startsWith("/metrics")) return;
  const answer = () => publicAnswer(method, pathOf(url), String(headers["accept"] ?? ""));
  if (publicAnswer(method, pathOf(url), "") !== null) watch(response as Response, answer);
}

function watch(response: Response, answer: () => ReturnType<typeof publicAnswer>): void {
  const { writeHead, write, end } = response;
  let isTaken = false;
  const take = (status: unknown): boolean => {
    if (isTaken) return true;
    if (status !== 404 || response.headersSent) return false;
    const own = answer();
    if (own === null) return false;
    isTaken = true;
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    response.statusCode = own.status;
    if (response.statusMessage !== undefined) response.statusMessage = "";
    response.setHeader("content-type", own.type);
    response.setHeader("content-length", Buffer.byteLength(own.body));
    Object.assign(response, { writeHead, write, end });
    end.call(response, own.body);
    Object.assign(response, { writeHead: () => response, write: () => true, end: ended });
    return true;
  };
  const ended = (...args: unknown[]) => {
    const then = args.findLast((one) => typeof one === "function") as (() => void) | undefined;
    if (then !== undefined) queueMicrotask(then);
    return response;
  };
  Object.assign(response, {
    writeHead: (...args: unknown[]) => (take(args[0]) ? response : writeHead.apply(response, args)),
    write: (...args: unknown[]) => (take(response.statusCode) ? true : write.apply(response, args)),
    end: (...args: unknown[]) => (take(response.statusCode) ? ended(...args) : end.apply(response, args)),
  });
}
