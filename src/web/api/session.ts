// The routes that open and close sessions.
import { usage } from "../../base/errors.ts";
import type { Auth } from "../auth.ts";
import type { Credential } from "../credentials.ts";
import type { LoginCodes } from "../login-code.ts";
import { emptyAnswer } from "../problem.ts";
import type { Asked, Route } from "../route.ts";
import type { WebSessions } from "../sessions.ts";

export type SessionDeps = {
  auth: Auth;
  sessions: WebSessions;
  codes: LoginCodes;
  credentials: () => Credential[];
  cookieName: string;
  /** The path under which a reverse proxy shows this server, such as `/bs9/`; `/` without one. */
  publicPath: string;
};

const maxCodeLength = 200;

export function sessionRoutes(deps: SessionDeps): Route[] {
  const { auth, sessions, codes, credentials } = deps;
  const opened = (credential: Credential, asked: Asked, answer: "form" | "page") => {
    const cookie = cookieOf(sessions.open(credential, asked.isTls), asked, deps);
    // A relative address, so that it also leads to the right place under the path of a reverse proxy.
    return answer === "form" ? emptyAnswer(204, { "Set-Cookie": cookie }) : emptyAnswer(303, { "Set-Cookie": cookie, Location: "./" });
  };
  return [
    {
      method: "POST",
      path: "/login",
      needs: "nothing",
      summary: 'open a session with the token, sent as JSON ({"token": …}) or as a form; the answer sets the cookie',
      type: "application/json",
      answer: async (asked) => {
        const found = auth.check(tokenIn(await asked.body(), asked.headers.get("content-type") ?? ""), asked.address);
        return "status" in found ? found : opened(found, asked, "form");
      },
    },
    {
      method: "GET",
      path: "/login",
      needs: "nothing",
      summary: "open a session with the code of a login URL, which works once and for five minutes",
      query: { code: { text: "the code that bs9 web --print-url has made", schema: { type: "string", maxLength: maxCodeLength } } },
      type: "application/json",
      usesUp: true,
      answer: (asked) => {
        const code = asked.query.get("code") ?? "";
        const found = code.length > maxCodeLength ? null : codes.redeem(code, credentials());
        if (found !== null) return opened(found, asked, "page");
        return auth.wrong(asked.address, "this login URL was used before, is too old, or is wrong; bs9 web --print-url makes a new one");
      },
    },
    {
      method: "POST",
      path: "/logout",
      needs: "nothing",
      summary: "close the session of the cookie",
      type: "application/json",
      answer: (asked) => {
        const secret = auth.secretIn(asked.headers);
        if (secret !== null) sessions.close(secret);
        return emptyAnswer(204, { "Set-Cookie": `${cookieOf("", asked, deps)}; Max-Age=0` });
      },
    },
  ];
}

/** Cookies ignore ports, so the name tells the servers of several users apart. */
function cookieOf(secret: string, { isTls, headers }: Asked, { cookieName, publicPath }: SessionDeps): string {
  const isBehindProxy = headers.has("x-forwarded-for") || headers.has("x-forwarded-proto");
  const path = isBehindProxy ? publicPath : "/";
  return `${cookieName}=${secret}; Path=${path}; HttpOnly; SameSite=Strict${isTls ? "; Secure" : ""}`;
}

/** Null where the body has no token. */
function tokenIn(body: string, type: string): string | null {
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return new URLSearchParams(body).get("token");
  if (!/^application\/json\b/i.test(type)) throw usage("the body must be JSON or a form, with its Content-Type");
  try {
    const said: unknown = JSON.parse(body);
    return typeof said === "object" && said !== null && "token" in said && typeof said.token === "string" ? said.token : null;
  } catch {
    throw usage("the body is not JSON");
  }
}
