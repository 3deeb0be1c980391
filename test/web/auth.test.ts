// Guessing of tokens: which addresses are counted together, and that the right token is always accepted.
import { expect, test } from "bun:test";
import { Auth } from "../../src/web/auth.ts";

const right = "a-token-of-the-tests-0123456789";
const asking = (token: string) => new Headers({ authorization: `Bearer ${token}` });

function guessed(addresses: (count: number) => string, guesses = 10): Auth {
  const auth = new Auth(right, () => 0);
  for (let count = 0; count < guesses; count++) auth.refusal(asking(`guess-${count}`), addresses(count));
  return auth;
}

test.each([
  ["one address", () => "192.0.2.1", "192.0.2.1", "192.0.2.2"],
  ["one address, mapped into IPv6", () => "::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.2"],
  ["one IPv6 network", (count: number) => `2001:db8::${count}`, "2001:db8:0:0:ffff::1", "2001:db8:0:1::1"],
])("wrong tokens from these addresses are counted together: %s", (_, addresses, same, other) => {
  const auth = guessed(addresses);
  expect(auth.refusal(asking("guess"), same)?.status).toBe(429);
  expect(auth.refusal(asking("guess"), other)?.status).toBe(401);
  for (const address of [same, other]) expect(auth.refusal(asking(right), address)).toBeNull();
});

test("the tenth wrong token is refused as wrong, the eleventh because there were too many", () => {
  const auth = guessed(() => "192.0.2.1", 9);
  expect(auth.refusal(asking("guess"), "192.0.2.1")?.status).toBe(401);
  expect(auth.refusal(asking("guess"), "192.0.2.1")?.status).toBe(429);
});

test("the right token neither counts as a wrong one nor resets the count of wrong tokens", () => {
  const auth = guessed(() => "192.0.2.1", 9);
  for (let count = 0; count < 20; count++) expect(auth.refusal(asking(right), "192.0.2.1")).toBeNull();
  expect(auth.refusal(asking("guess"), "192.0.2.1")?.status).toBe(401);
  expect(auth.refusal(asking("guess"), "192.0.2.1")?.status).toBe(429);
});

test("wrong tokens are counted for a limited number of addresses, and the oldest address is forgotten", () => {
  const auth = guessed(() => "192.0.2.1");
  for (let count = 0; count < 1000; count++) auth.refusal(asking("guess"), `10.0.${count >> 8}.${count & 255}`);
  expect(auth.refusal(asking("guess"), "192.0.2.1")?.status).toBe(401);
});
