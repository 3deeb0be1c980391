// bs9 web as a command, built: its options, its port, whose token it uses, and what the trail records.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TrailRecord } from "../../src/trail/record.ts";
import { until } from "../harness.ts";
import { Place } from "../supervisor/bs9.ts";
import { BuiltWeb, builtProgram, localhost } from "./built.ts";
import { ask } from "./raw.ts";

const it = new BuiltWeb();
beforeAll(() => it.up(), 240_000);
afterAll(() => it.down(), 120_000);

test("a it.port that was chosen and is taken is an error, the default one becomes the next free one", async () => {
  const taken = await it.place.bs9("web", "--port", String(it.port));
  expect([taken.code, taken.stderr.includes("the port is taken")]).toEqual([1, true]);
  expect(Number(new URL(await it.serve()).port)).toBeGreaterThan(it.port);
}, 60_000);

test.each(
  [
    "--read-only",
    "--tls-key x",
    "--port 0",
    "--host a:b/c",
    "x",
    "--stop --detach",
    "--stop --new-token",
    "--print-url --new-token",
    "--detach --print-url",
    "--detach --read-only",
    "--new-token --host 0.0.0.0",
    "--stop --tls-cert x",
  ].map((line) => [line]),
)("bs9 web %s is a usage error, and changes nothing", async (line) => {
  const { code, stderr } = await it.place.bs9("web", ...line.split(" "));
  expect([code, stderr.startsWith("error:")]).toEqual([2, true]);
  expect(await it.reads()).toBe(200);
});

test("a login URL is made with the token that the server reads, whatever the caller's environment names", async () => {
  const file = join(it.place.folder, "named.token");
  writeFileSync(file, "a-token-that-the-admin-has-made\n", { mode: 0o600 });
  const named = new URL(await it.serveWith({ BS9_WEB_TOKEN_FILE: file }, [builtProgram, "web"]));
  const { stdout } = await it.place.bs9("web", "--print-url", "--port", named.port);
  const { pathname, search } = new URL(stdout.trim());
  expect((await ask(Number(named.port), `GET ${pathname}${search}`, [localhost])).status).toBe(303);
  const refused = await it.place.bs9("web", "--new-token", "--port", named.port);
  expect([refused.code, refused.stderr.includes("bs9 replaces only tokens that it has made")]).toEqual([1, true]);
  expect(readFileSync(file, "utf8")).toBe("a-token-that-the-admin-has-made\n");
}, 60_000);

test("the trail names logins and replaced tokens, and the new token is the only one that counts", async () => {
  const body = JSON.stringify({ token: it.token });
  await fetch(`http://127.0.0.1:${it.port}/login`, { method: "POST", body, headers: { "Content-Type": "application/json" } });
  const acts = async () =>
    JSON.parse((await it.place.bs9("history", "--json")).stdout).map(({ act, who, result, difference }: TrailRecord) => [
      act,
      who.origin,
      who.http?.address ?? null,
      result.message,
      difference[0]?.after,
    ]);
  const loggedIn = ["web-login", "web", "127.0.0.1", "logged in with the token", "full"];
  await until(async () => JSON.stringify(await acts()).includes(JSON.stringify(loggedIn)), { what: "the login is recorded" });
  await it.place.bs9("web", "--new-token", "--port", String(it.port));
  expect((await acts()).at(-1)).toEqual(["web-token", "cli", null, "the token was replaced", "full"]);
  expect(await it.reads()).toBe(401);
}, 60_000);

test("bs9 run warns where everybody on the network could read along, as bs9 web does", async () => {
  const other = new Place();
  try {
    for (const verb of ["run", "web"]) {
      const child = other.run([verb, "--host", "0.0.0.0", "--port", String(it.port + 20)]);
      let said = "";
      const reading = (async () => {
        for await (const chunk of child.stderr) said += new TextDecoder().decode(chunk);
      })();
      await until(() => said.includes("listens on 0.0.0.0 without TLS"), { what: `the warning of bs9 ${verb}` });
      child.kill("SIGTERM");
      await Promise.all([child.exited, reading]);
    }
  } finally {
    await other.down();
  }
}, 60_000);
