// Sends one HTTP request to an address that the user configured, and to no other.
import { errnoOf, reasonOf } from "../../base/errors.ts";
import { version } from "../../version.ts";
import { type Answer, declined, taken, unreachable } from "./channel.ts";
import { oneLine } from "./sentence.ts";

export type HttpRequest = { url: string; method: "GET" | "POST"; headers: Record<string, string>; body?: string };

const maxRedirects = 3;
/** The part of a refusal that is read and shown. */
const maxAnswerBytes = 2048;
const maxAnswer = 200;
const answerMs = 1000;

/** Never throws. */
export async function request(asked: HttpRequest, signal: AbortSignal): Promise<Answer> {
  let { url } = asked;
  try {
    for (let redirects = 0; ; redirects++) {
      const response = await fetch(url, {
        method: asked.method,
        headers: { "user-agent": `bs9/${version.version}`, ...asked.headers, connection: "close" },
        ...(asked.body === undefined ? {} : { body: asked.body }),
        redirect: "manual",
        // A proxy variable in the environment would send alerts to an address that is not in the configuration.
        proxy: false,
        signal,
      });
      const next = redirectOf(response, url, asked.method);
      if (next === null) return await answerOf(response, [asked.url, url]);
      void response.body?.cancel().catch(() => {});
      if (typeof next !== "string") return declined(next.refusal);
      if (redirects === maxRedirects) return declined(`it redirects more than ${maxRedirects} times`);
      url = next;
    }
  } catch (error) {
    return unreachable(signal.aborted ? "no answer in time" : whyOf(error));
  }
}

/** The address to go on with; null for an answer that does not redirect. */
function redirectOf({ status, headers }: Response, from: string, method: HttpRequest["method"]): string | { refusal: string } | null {
  if (status < 300 || status > 399) return null;
  const location = headers.get("location");
  const to = location === null ? null : URL.parse(location, from);
  if (to === null) return { refusal: `${status} without an address to go to` };
  const place = oneLine(`${to.protocol}//${to.host}`, maxAnswer);
  // Another host would receive the message and its signature, although the user did not configure it.
  if (to.origin !== new URL(from).origin)
    return { refusal: `${status}: it redirects to ${place}, which is not followed; configure that address` };
  // After the other statuses a client sends GET without a body (RFC 9110, 15.4).
  if (method === "POST" && status !== 307 && status !== 308)
    return { refusal: `${status}: it redirects to another path; configure that address` };
  return to.href;
}

async function answerOf(response: Response, asked: string[]): Promise<Answer> {
  const { status } = response;
  const shown = (text: string) => oneLine(withoutSecrets(text, asked), maxAnswer);
  const name = shown(response.statusText === "" ? String(status) : `${status} ${response.statusText}`);
  if (status >= 200 && status < 300) {
    // The status says all, and a slow or endless body must not keep the channel busy.
    void response.body?.cancel().catch(() => {});
    return taken(name);
  }
  const words = shown(await beginningOf(response)).trim();
  const answer = words === "" ? name : `${name}: ${words}`;
  // These statuses are about the time and not about the message: it is worth trying again before the next one.
  const isLater = status >= 500 || [401, 403, 404, 407, 408, 421, 425, 429].includes(status);
  return isLater ? unreachable(answer) : declined(answer);
}

/** Parts of a path that are shorter are no secrets, and words of an answer such as `api` must stay. */
const minSecret = 8;

/** Many receivers repeat the path of the request in an error, and the path or query of a webhook is its secret. */
function withoutSecrets(text: string, urls: string[]): string {
  const parts = urls.flatMap((url) => {
    const { pathname, search, username, password } = new URL(url);
    const values = [...pathname.split("/"), ...search.slice(1).split(/[&=]/), username, password].filter((one) => one.length >= minSecret);
    return [`${pathname}${search}`, pathname, search, ...values].filter((one) => one.length > 1);
  });
  const forms = new Set(parts.flatMap((one) => [one, decoded(one), one.replaceAll("/", "\\/"), one.replaceAll("&", "&amp;")]));
  return [...forms].sort((a, b) => b.length - a.length).reduce((rest, one) => rest.replaceAll(one, "…"), text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The beginning of the body, as far as it arrives within a second. */
async function beginningOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const bytes: Uint8Array[] = [];
  let length = 0;
  const read = async () => {
    while (length < maxAnswerBytes) {
      const { done, value } = await reader.read();
      if (done) return;
      bytes.push(value);
      length += value.length;
    }
  };
  await Promise.race([read().catch(() => {}), Bun.sleep(answerMs)]);
  void reader.cancel().catch(() => {});
  return Buffer.concat(bytes).subarray(0, maxAnswerBytes).toString("utf8");
}

function whyOf(error: unknown): string {
  const words: Record<string, string> = {
    ConnectionRefused: "connection refused",
    ECONNREFUSED: "connection refused",
    ECONNRESET: "the connection was closed",
    ConnectionClosed: "the connection was closed",
    FailedToOpenSocket: "no connection: the host does not exist or cannot be reached",
    ENOTFOUND: "the host does not exist",
    DNSException: "the host does not exist",
  };
  return oneLine(words[errnoOf(error) ?? ""] ?? `no connection: ${reasonOf(error)}`, maxAnswer);
}
