// Guessing a token: who is counted as one, and who is not locked out with them.
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
])("%s", (_, addresses, same, other) => {
  const auth = guessed(addresses);
  expect(auth.refusal(asking(right), same)?.status).toBe(429);
  expect(auth.refusal(asking(right), other)).toBeNull();
});

test("nine guesses lock nobody out", () => {
  const auth = guessed(() => "192.0.2.1", 9);
  expect(auth.refusal(asking(right), "192.0.2.1")).toBeNull();
});

test("what is counted stays bounded: the oldest is forgotten", () => {
  const auth = guessed(() => "192.0.2.1");
  for (let count = 0; count < 1000; count++) auth.refusal(asking("guess"), `10.0.${count >> 8}.${count & 255}`);
  expect(auth.refusal(asking(right), "192.0.2.1")).toBeNull();
});
