// The files of the page over real sockets: served to everybody, kept by browsers, compressed, and under a strict policy.
import { afterAll, expect, test } from "bun:test";
import { ask } from "./raw.ts";
import { webOf } from "./scene.ts";

const script = `console.log("a page");\n`.repeat(200);
const html = '<!doctype html><script type="module" src="assets/page.js"></script><link rel="icon" href="icon.svg">';
const web = webOf(
  {},
  {
    assets: [
      { path: "/", type: "text/html; charset=utf-8", body: html },
      { path: "/assets/page.js", type: "text/javascript; charset=utf-8", body: script },
      { path: "/icon.svg", type: "image/svg+xml", body: "<svg/>" },
    ],
  },
);
afterAll(() => web.stop());

const get = (path: string, ...headers: string[]) => ask(web.port, `GET ${path}`, ["Host: localhost", ...headers]);

test("the page is served without a token, under a policy without inline code and without other sites", async () => {
  const { status, headers, body } = await get("/");
  expect([status, headers.get("content-type"), headers.get("cache-control")]).toEqual([200, "text/html; charset=utf-8", "no-cache"]);
  expect(headers.get("content-security-policy")).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  );
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(body).toMatch(/src="assets\/page\.[\da-f]{16}\.js".*href="icon\.[\da-f]{16}\.svg"/);
});

test("browsers keep the files that the page names, and ask whether the others have changed", async () => {
  const named = /src="([^"]+)"/.exec((await get("/")).body)?.[1] ?? "";
  const kept = await get(`/${named}`);
  expect([kept.body, kept.headers.get("cache-control")]).toEqual([script, "private, max-age=31536000, immutable"]);
  const plain = await get("/assets/page.js");
  expect([plain.body, plain.headers.get("cache-control")]).toEqual([script, "no-cache"]);
  const tag = plain.headers.get("etag") ?? "";
  for (const same of [tag, `W/${tag}`, `"x", ${tag}`, "*"]) {
    const { status, body, headers } = await get("/assets/page.js", `If-None-Match: ${same}`);
    expect([same, status, body, headers.get("etag")]).toEqual([same, 304, "", tag]);
  }
  expect((await get("/assets/page.js", 'If-None-Match: "x"')).status).toBe(200);
});

test("a file is compressed for clients that take gzip", async () => {
  const { headers, body } = await get("/assets/page.js", "Accept-Encoding: gzip");
  expect([headers.get("content-encoding"), headers.get("vary")]).toEqual(["gzip", "Accept-Encoding"]);
  expect(Bun.gunzipSync(Buffer.from(body, "latin1")).length).toBe(script.length);
});

test.each([
  ["/assets/", 404],
  ["/assets/other.js", 404],
  ["/assets/../api/metrics", 401],
  ["/assets/%2e%2e/token", 404],
  ["/page.js", 404],
  ["/index.html", 404],
])("%s does not belong to the page, and gives %d", async (path, status) => expect((await get(path)).status).toBe(status));
