// Guessing of tokens: which addresses are counted together, and that the right token is always accepted.
import { expect, test } from "bun:test";
import { Auth } from "../../src/web/auth.ts";
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
