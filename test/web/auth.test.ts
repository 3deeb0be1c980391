// Guessing of tokens: which addresses are counted together, and that the right token is always accepted.
import { expect, test } from "bun:test";
import { Auth, usesTls } from "../../src/web/auth.ts";
import { digestOf } from "../../src/web/credentials.ts";
import { WebSessions } from "../../src/web/sessions.ts";

const right = "a-token-of-the-tests-0123456789";

/** The status of the refusal; null where the token is accepted. */
function refused(auth: Auth, token: string, address: string): number | null {
  const access = auth.access({ headers: new Headers({ authorization: `Bearer ${token}` }), address, isTls: false });
  return "status" in access ? access.status : null;
}

function guessed(addresses: (count: number) => string, guesses = 10): Auth {
  const now = () => 0;
  const credentials = () => [{ level: "full" as const, token: right, digest: digestOf(right) }];
  const auth = new Auth({ credentials, sessions: new WebSessions(now), cookieName: "bs9-1-1", now });
  for (let count = 0; count < guesses; count++) refused(auth, `guess-${count}`, addresses(count));
  return auth;
}

test.each([
  ["one address", () => "192.0.2.1", "192.0.2.1", "192.0.2.2"],
  ["one address, mapped into IPv6", () => "::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.2"],
  ["one IPv6 network", (count: number) => `2001:db8::${count}`, "2001:db8:0:0:ffff::1", "2001:db8:0:1::1"],
])("wrong tokens from these addresses are counted together: %s", (_, addresses, same, other) => {
  const auth = guessed(addresses);
  expect(refused(auth, "guess", same)).toBe(429);
  expect(refused(auth, "guess", other)).toBe(401);
  for (const address of [same, other]) expect(refused(auth, right, address)).toBeNull();
});

test("the tenth wrong token is refused as wrong, the eleventh because there were too many", () => {
  const auth = guessed(() => "192.0.2.1", 9);
  expect(refused(auth, "guess", "192.0.2.1")).toBe(401);
  expect(refused(auth, "guess", "192.0.2.1")).toBe(429);
});

test("the right token neither counts as a wrong one nor resets the count of wrong tokens", () => {
  const auth = guessed(() => "192.0.2.1", 9);
  for (let count = 0; count < 20; count++) expect(refused(auth, right, "192.0.2.1")).toBeNull();
  expect(refused(auth, "guess", "192.0.2.1")).toBe(401);
  expect(refused(auth, "guess", "192.0.2.1")).toBe(429);
});

test("wrong tokens are counted for a limited number of addresses, and the oldest address is forgotten", () => {
  const auth = guessed(() => "192.0.2.1");
  for (let count = 0; count < 1000; count++) refused(auth, "guess", `10.0.${count >> 8}.${count & 255}`);
  expect(refused(auth, "guess", "192.0.2.1")).toBe(401);
});

const [here, elsewhere] = ["127.0.0.1", "192.0.2.1"];
const publicUrl = "https://ops.example.com/bs9/";

test.each([
  ["a client of another machine, directly", elsewhere, publicUrl, { host: "10.0.0.1:8080" }, false],
  ["a client of another machine that sends the public Host", elsewhere, publicUrl, { host: "ops.example.com" }, false],
  ["a client of this machine, directly", here, publicUrl, { host: "localhost:8080" }, false],
  ["a client of this machine with the public name and another port", here, publicUrl, { host: "ops.example.com:8080" }, false],
  ["a proxy on this machine that passes the public Host", here, publicUrl, { host: "OPS.example.com" }, true],
  ["a proxy on this machine that adds the usual port", "::ffff:127.0.0.1", publicUrl, { host: "ops.example.com:443" }, true],
  ["a proxy on this machine that got plain HTTP", here, publicUrl, { host: "ops.example.com", "x-forwarded-proto": "http" }, false],
  ["a proxy on this machine with its own Host", here, publicUrl, { host: "localhost", "x-forwarded-proto": "https" }, true],
  ["a proxy on another machine", elsewhere, publicUrl, { host: "10.0.0.1:8080", "x-forwarded-proto": "https" }, true],
  ["a proxy on another machine that got plain HTTP", elsewhere, publicUrl, { host: "ops.example.com", "x-forwarded-proto": "http" }, false],
  ["another machine, where no public address is set", elsewhere, null, { host: "10.0.0.1", "x-forwarded-proto": "https" }, false],
  ["another machine, where the public address has no TLS", elsewhere, "http://ops.example.com/", { "x-forwarded-proto": "https" }, false],
])("whether a request comes over TLS: %s", (_, address, url, headers, isTls) => {
  const sent = new Headers(Object.entries(headers));
  expect(usesTls({ headers: sent, address }, false, url)).toBe(isTls);
  expect(usesTls({ headers: sent, address }, true, url)).toBe(true);
});
