// The token: from the named file, or made by bs9.
import { expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Credentials } from "../../src/web/credentials.ts";
import { loadToken, renewToken, tokenFile } from "../../src/web/token.ts";
import { run, succeed, tempDir } from "../harness.ts";

test("bs9 creates a token once, in a file that only this user can read", () => {
  const folder = join(tempDir(), "config");
  const { text: token, own, missing } = loadToken({}, folder);
  expect(token).toMatch(/^[\w-]{43}$/);
  expect([own, missing]).toEqual([join(folder, "web.token"), null]);
  expect(loadToken({ BS9_WEB_TOKEN_FILE: "" }, folder).text).toBe(token);
  // A secret that was never created: bs9 makes a token, and the caller says where it is.
  const gone = join(folder, "sub/gone");
  expect(loadToken({ BS9_WEB_TOKEN_FILE: gone }, folder)).toEqual({ text: token, own, missing: gone });
  expect(statSync(join(folder, "web.token")).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["web.token"]);
  expect(loadToken({}, tempDir()).text).not.toBe(token);
});

test("several processes that create a token at the same time use the same token", async () => {
  const folder = tempDir();
  const script = `import { loadToken } from ${JSON.stringify(join(import.meta.dir, "../../src/web/token.ts"))}; console.log(loadToken({}, ${JSON.stringify(folder)}).text);`;
  const outcomes = await Promise.all(Array.from({ length: 4 }, () => run([process.execPath, "-e", script])));
  const tokens = outcomes.map((outcome) => succeed(outcome, "loadToken").stdout.trim());
  expect(new Set(tokens)).toEqual(new Set([readFileSync(join(folder, "web.token"), "utf8").trim()]));
});

test("a token file that others can read is refused", () => {
  const folder = tempDir();
  loadToken({}, folder);
  chmodSync(join(folder, "web.token"), 0o640);
  expect(() => loadToken({}, folder)).toThrow("other users can read");
});

test.each(["web.token", "web.read-only.token"])("a running server lets nobody in by %s while others can read that file", (name) => {
  const folder = tempDir();
  for (const level of ["full", "read"] as const) renewToken(level, tokenFile(level, {}, folder), folder);
  const credentials = new Credentials(join(folder, "web.token"), folder);
  const level = name === "web.token" ? "full" : "read";
  const isLetIn = () => credentials.current().some((one) => one.level === level);
  expect(isLetIn()).toBe(true);
  for (const mode of [0o640, 0o604, 0o620]) {
    chmodSync(join(folder, name), mode);
    expect([mode, isLetIn()]).toEqual([mode, false]);
  }
  chmodSync(join(folder, name), 0o600);
  expect(isLetIn()).toBe(true);
  if (process.getuid?.() !== 0) return;
  chownSync(join(folder, name), 12_345, 0);
  expect(isLetIn()).toBe(false);
});

test("a named token file that vanishes from a running server lets nobody in, and the token of bs9 does not replace it", () => {
  const folder = tempDir();
  const named = join(folder, "named");
  writeFileSync(named, "0123456789abcdef\n");
  renewToken("full", join(folder, "web.token"), folder);
  const credentials = new Credentials(named, folder);
  expect(credentials.current().map(({ token }) => token)).toEqual(["0123456789abcdef"]);
  rmSync(named);
  expect(credentials.current()).toEqual([]);
  writeFileSync(named, "0123456789abcdef-new\n");
  expect(credentials.current().map(({ token }) => token)).toEqual(["0123456789abcdef-new"]);
});

test("the file that BS9_WEB_TOKEN_FILE names takes precedence, also through symbolic links as Kubernetes makes them", () => {
  const folder = tempDir();
  writeFileSync(join(folder, "real"), "  0123456789abcdef \n");
  symlinkSync("real", join(folder, "token"));
  expect(loadToken({ BS9_WEB_TOKEN_FILE: join(folder, "token") }, join(folder, "none"))).toEqual({
    text: "0123456789abcdef",
    own: null,
    missing: null,
  });
  expect(readdirSync(folder).sort()).toEqual(["real", "token"]);
});

test.each([
  ["short\n", "contains 5 characters; a token has at least 16"],
  ["", "contains 0 characters"],
  ["two words of a token", "contains a space"],
  ["contraseña-contraseña", "a character that is not printable ASCII"],
  ["x".repeat(5000), "more than 4096 bytes"],
])("the token %j is refused as invalid", (text, reason) => {
  const file = join(tempDir(), "token");
  writeFileSync(file, text);
  expect(() => loadToken({ BS9_WEB_TOKEN_FILE: file }, tempDir())).toThrow(reason);
  expect(readFileSync(file, "utf8")).toBe(text);
});

test("a missing or unreadable token file is reported", () => {
  const folder = tempDir();
  mkdirSync(join(folder, "sub"));
  expect(() => loadToken({ BS9_WEB_TOKEN_FILE: join(folder, "sub") }, folder)).toThrow("which is not a regular file");
  expect(() => loadToken({ BS9_WEB_TOKEN_FILE: "/dev/zero" }, folder)).toThrow("which is not a regular file");
});
