// The OpenAPI document against the running server: every path of it is answered, and every route is in it.
import { afterAll, expect, test } from "bun:test";
import { Auth } from "../../src/web/auth.ts";
import { LoginCodes } from "../../src/web/login-code.ts";
import { routesOf } from "../../src/web/routes.ts";
import { WebSessions } from "../../src/web/sessions.ts";
import { ask } from "./raw.ts";
import { bearer, plainSource, webOf } from "./scene.ts";

const web = webOf();
afterAll(() => web.stop());

type Operation = {
  operationId: string;
  summary: string;
  security: object[];
  parameters?: { name: string; in: string }[];
  responses: object;
};
type Document = { openapi: string; paths: Record<string, Record<string, Operation>> };

const document = async () => JSON.parse((await ask(web.port, "GET /api/openapi.json", ["Host: localhost", bearer])).body) as Document;

test("the document and the table of routes describe the same paths, methods and parameters", async () => {
  const sessions = new WebSessions(Date.now);
  const credentials = () => [];
  const auth = new Auth({ credentials, sessions, cookieName: "c", now: Date.now });
  const session = { auth, sessions, codes: new LoginCodes(1, Date.now), credentials, cookieName: "c", publicPath: "/", loggedIn: () => {} };
  const routes = routesOf({ source: plainSource, session, assets: [], now: Date.now, publicUrl: null, ends: new AbortController().signal });
  const { openapi, paths } = await document();
  const shown = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], security }]) => ({
      path,
      method: method.toUpperCase(),
      query: parameters.filter((one) => one.in === "query").map(({ name }) => name),
      isOpen: security.length === 0,
    })),
  );
  const order = (a: { path: string; method: string }, b: { path: string; method: string }) =>
    `${a.path} ${a.method}` < `${b.path} ${b.method}` ? -1 : 1;
  const expected = routes.map(({ path, method, query = {}, needs }) => ({
    path,
    method,
    query: Object.keys(query),
    isOpen: needs === "nothing",
  }));
  expect(shown.toSorted(order)).toEqual(expected.toSorted(order));
  expect(openapi).toBe("3.1.0");
});

test("every operation has a name of its own, a sentence and its answers", async () => {
  const operations = Object.values((await document()).paths).flatMap((methods) => Object.values(methods));
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const { operationId, summary, responses } of operations) {
    expect(operationId).toMatch(/^(get|post)[A-Z]\w*$/);
    expect(summary.length).toBeGreaterThan(10);
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(["400", "403", "500"]));
  }
});

test("every path that the document says needs a token refuses a request without one, and the others do not", async () => {
  for (const [path, methods] of Object.entries((await document()).paths)) {
    for (const [method, { security }] of Object.entries(methods)) {
      const { status } = await ask(web.port, `${method.toUpperCase()} ${path.replace(/\{\w+\}/, "web")}`, [
        "Host: localhost",
        "Content-Length: 0",
      ]);
      // A login without a token or a code is refused too.
      expect([path, method, status === 401]).toEqual([path, method, security.length > 0 || (path === "/login" && method === "get")]);
    }
  }
});

test("the document names both ways to authenticate, the bodies of requests, and only statuses that the server answers with", async () => {
  const answered = await ask(web.port, "GET /api/openapi.json", ["Host: localhost", bearer]);
  const { components, paths } = JSON.parse(answered.body);
  expect(components.securitySchemes.session).toMatchObject({ type: "apiKey", in: "cookie", name: `bs9-${process.getuid?.()}-${web.port}` });
  expect(Object.keys(paths["/login"].post.requestBody.content)).toEqual(["application/json", "application/x-www-form-urlencoded"]);
  expect(paths["/api/alerts/{id}/silence"].post).toMatchObject({
    requestBody: { required: true },
    security: [{ token: [] }, { session: [] }],
    parameters: [{ name: "id", in: "path" }],
  });
  const asked: [method: string, path: string, headers: string[], real: string, status: string][] = [
    ["get", "/api/events", [bearer], "/api/events", "426"],
    ["get", "/login", [], "/login?code=x", "401"],
    ["post", "/login", ["Content-Type: text/plain"], "/login", "400"],
    ["post", "/login", ["Content-Length: 20000"], "/login", "413"],
    ["post", "/logout", [], "/logout", "204"],
    ["get", "/api/services/{name}", [bearer], "/api/services/other", "404"],
    ["get", "/api/logs", [bearer], "/api/logs?limit=0", "400"],
    ["post", "/api/services/{name}/stop", [bearer, "Origin: http://evil.example"], "/api/services/web/stop", "403"],
    ["post", "/api/alerts/{id}/silence", [bearer, "Content-Type: application/json"], "/api/alerts/web/silence", "400"],
    ["get", "/api/doctor", [bearer], "/api/doctor", "200"],
  ];
  for (const [method, path, headers, real, status] of asked) {
    const length = headers.some((line) => line.startsWith("Content-Length")) ? [] : ["Content-Length: 0"];
    const got = await ask(web.port, `${method.toUpperCase()} ${real}`, ["Host: localhost", ...headers, ...length]);
    expect([path, String(got.status)]).toEqual([path, status]);
    expect(Object.keys(paths[path][method].responses)).toContain(status);
  }
});
