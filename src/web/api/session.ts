// The endpoints that open and close sessions.
import { usage } from "../../base/errors.ts";
import type { Auth } from "../auth.ts";
import type { Credential } from "../credentials.ts";
import type { LoginCodes } from "../login-code.ts";
import { emptyAnswer } from "../problem.ts";
import { bodyObject } from "../request-body.ts";
import type { Asked, Endpoint } from "../route.ts";
import type { WebSessions } from "../sessions.ts";
import type { WebSource } from "../source.ts";
import { clientOf } from "./client.ts";

export type SessionDeps = {
  auth: Auth;
  sessions: WebSessions;
  codes: LoginCodes;
  credentials: () => Credential[];
  loggedIn: WebSource["loggedIn"];
  cookieName: string;
  /** The path under which a reverse proxy shows this server, such as `/bs9/`; `/` without one. */
  publicPath: string;
};

const maxCodeLength = 200;
const tokenField = { type: "object", required: ["token"], properties: { token: { type: "string" } } };

export function sessionEndpoints(deps: SessionDeps) {
  const { auth, sessions, codes, credentials, loggedIn } = deps;
  const opened = (credential: Credential, asked: Asked, answer: "form" | "page") => {
    loggedIn(credential.level, answer === "form" ? "token" : "code", clientOf(asked));
    const cookie = cookieOf(sessions.open(credential, asked.isTls), asked, deps);
    // A relative address, so that it also leads to the right place under the path of a reverse proxy.
    return answer === "form" ? emptyAnswer(204, { "Set-Cookie": cookie }) : emptyAnswer(303, { "Set-Cookie": cookie, Location: "./" });
  };
  const login: Endpoint = {
    summary: "open a session with the token; the answer sets the cookie",
    body: { text: "the token", content: { "application/json": tokenField, "application/x-www-form-urlencoded": tokenField } },
    type: "application/json",
    done: 204,
    fails: [401, 429],
    answer: async (asked) => {
      const found = auth.check(tokenIn(await asked.body(), asked.headers), asked.address);
      return "status" in found ? found : opened(found, asked, "form");
    },
  };
  const loginByCode: Endpoint = {
    summary: "open a session with the code of a login URL, which works once and for five minutes",
    query: { code: { text: "the code that bs9 web --print-url has made", schema: { type: "string", maxLength: maxCodeLength } } },
    type: "application/json",
    done: 303,
    fails: [401, 429],
    answer: (asked) => {
      const code = asked.query.get("code") ?? "";
      const found = code.length > maxCodeLength ? null : codes.redeem(code, credentials());
      if (found !== null) return opened(found, asked, "page");
      return auth.wrong(asked.address, "this login URL was used before, is too old, or is wrong; bs9 web --print-url makes a new one");
    },
  };
  const logout: Endpoint = {
    summary: "close the session of the cookie",
    type: "application/json",
    done: 204,
    answer: (asked) => {
      const secret = auth.secretIn(asked.headers);
      if (secret !== null) sessions.close(secret);
      return emptyAnswer(204, { "Set-Cookie": `${cookieOf("", asked, deps)}; Max-Age=0` });
    },
  };
  return { login, loginByCode, logout };
}

/** Cookies ignore ports, so the name tells the servers of several users apart. */
function cookieOf(secret: string, { isTls, headers }: Asked, { cookieName, publicPath }: SessionDeps): string {
  const isBehindProxy = headers.has("x-forwarded-for") || headers.has("x-forwarded-proto");
  const path = isBehindProxy ? publicPath : "/";
  return `${cookieName}=${secret}; Path=${path}; HttpOnly; SameSite=Strict${isTls ? "; Secure" : ""}`;
}

/** Null where the body has no token. */
function tokenIn(body: string, headers: Headers): string | null {
  const type = headers.get("content-type") ?? "";
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return new URLSearchParams(body).get("token");
  if (!/^application\/json\b/i.test(type)) throw usage("the body must be JSON or a form, with its Content-Type");
  const { token } = bodyObject(body, headers);
  return typeof token === "string" ? token : null;
}
