// Secrets are not stored on disk, and everything else stays readable.
import { expect, test } from "bun:test";
import { stripText, withoutSecrets } from "../../src/service/masking.ts";

test.each([
  ["--token=abc", "--token=***"],
  ["curl -H 'Authorization: Bearer abc.def'", "curl -H 'Authorization: *** ***'"],
  ["postgres://app:hunter2@db/x", "postgres://app:***@db/x"],
  ["redis://:hunter2@db", "redis://:***@db"],
  ["DB_PASSWORD=x y", "DB_PASSWORD=*** y"],
  ["--api-key k1 --port 3000", "--api-key *** --port 3000"],
  ["ghp_0123456789abcdef0123", "***"],
  ["https://example.org/?access_token=x&b=1", "https://example.org/?access_token=***&b=1"],
  ["0123456789abcdef0123456789abcdef", "***"],
  ["--author me", "--author me"],
  ["port 3000 is taken by node (pid 12)", "port 3000 is taken by node (pid 12)"],
  ["/srv/a-long-folder-name-without-any-secret/app.ts", "/srv/a-long-folder-name-without-any-secret/app.ts"],
  ["/healthz", "/healthz"],
])("secrets are masked in %s", (text, kept) => expect(stripText(text)).toBe(kept));

test("values of the environment and of secret options are never stored", () => {
  expect(withoutSecrets({ path: "env.A", before: undefined, after: "1" })).toEqual({ path: "env.A", before: undefined, after: "***" });
  expect(withoutSecrets({ path: "env", before: undefined, after: { A: "1" } }).after).toEqual({ A: "***" });
  expect(withoutSecrets({ path: "args", before: undefined, after: ["--password", "x", "--verbose", "--token", "--fast"] }).after).toEqual([
    "--password",
    "***",
    "--verbose",
    "--token",
    "--fast",
  ]);
  expect(withoutSecrets({ path: "health", before: null, after: { kind: "cmd", command: "check --secret s" } }).after).toEqual({
    kind: "cmd",
    command: "check --secret ***",
  });
});

test.each(["a", "a-", "a.b", "--", "=", "pass", "://", "x:"])("masking secrets takes little time for a long word of %j", (piece) => {
  const text = piece.repeat(Math.ceil((128 * 1024) / piece.length));
  const began = performance.now();
  stripText(text);
  // With quadratic time it would take a minute.
  expect(performance.now() - began).toBeLessThan(2000);
});
