// What an app can do from within its sandbox, and what a restart by its owner then opens to it.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Description } from "../../src/lifecycle/describe.ts";
import { type Lab, lab } from "../harness.ts";
import { bs9, fetchIn } from "./bs9.ts";

let it: Lab;
/** Runs code that it is sent; connects to paths and reads files that it is asked for. */
const app = `
const { readFileSync } = require("node:fs");
const { connect } = require("node:net");
const reached = (path) => new Promise((done) => {
  const socket = connect(path, () => { socket.destroy(); done("done"); });
  socket.on("error", ({ code }) => done(code));
});
const tried = (act) => { try { return act(); } catch (error) { return error.code; } };
Bun.serve({ port: Number(process.env.PORT), async fetch(request) {
  const { pathname, searchParams } = new URL(request.url);
  const word = searchParams.get("of") ?? "";
  if (pathname === "/connect") return Response.json(await reached(word));
  if (pathname === "/read") return Response.json(tried(() => readFileSync(word, "utf8")));
  if (pathname === "/run") return Response.json(Bun.spawnSync(["sh", "-c", word]).exitCode);
  return Response.json("up");
} });
`;
const sh = (script: string) => it.asUser("ops", ["sh", "-c", script]);
const ask = (port: number, path: string, of: string) => fetchIn<string | number>(it, port, `${path}?of=${encodeURIComponent(of)}`);
const sandboxOf = async (name: string): Promise<Description["sandbox"]> =>
  (JSON.parse((await bs9(it, "describe", name, "--json")).stdout) as Description).sandbox;
const bus = "/run/dbus/system_bus_socket";

beforeAll(async () => {
  it = await lab("shut");
  await it.writeFile("ops", ".ssh/id", "secret", "600");
  await it.writeFile("ops", "web/app.ts", app);
  await it.writeFile("ops", "web/package.json", "{}");
}, 240_000);
afterAll(() => it.down());

test("an app reaches neither the system bus nor the user manager; --readable opens the bus, and describe then no longer reports it as closed", async () => {
  const outside = await it.asUser("ops", ["python3", "-c", `import socket; socket.socket(socket.AF_UNIX).connect("${bus}")`]);
  expect(outside).toMatchObject({ code: 0, stderr: "" });
  for (const [profile, port] of [
    ["standard", 4650],
    ["strict", 4651],
  ] as const) {
    const started = await bs9(
      it,
      "start",
      "web/app.ts",
      "--name",
      profile,
      "--port",
      String(port),
      "--sandbox",
      profile,
      "--require-sandbox",
    );
    expect(started.code).toBe(0);
    const { verdict, verified, probed } = await sandboxOf(profile);
    expect([verdict, [...verified, ...probed].includes("InaccessiblePaths")]).toEqual(["effective", true]);
    for (const path of [bus, "/var/run/dbus/system_bus_socket", "/run/user/1001/bus", "/run/user/1001/systemd/private"])
      expect([path, await ask(port, "/connect", path)]).toEqual([path, expect.stringMatching(/^(EACCES|ENOENT)$/)]);
    await bs9(it, "delete", profile, "--yes");
  }
  for (const path of ["/run/dbus", "/var/run/dbus"]) {
    expect((await bs9(it, "start", "web/app.ts", "--name", "asker", "--port", "4652", "--readable", path)).code).toBe(0);
    expect([path, await ask(4652, "/connect", bus)]).toEqual([path, "done"]);
    const { verdict, verified, probed, missing } = await sandboxOf("asker");
    expect({ path, verdict, missing }).toEqual({ path, verdict: "effective", missing: [] });
    expect([...verified, ...probed]).not.toContain("InaccessiblePaths");
    await bs9(it, "delete", "asker", "--yes");
  }
}, 300_000);

test("an entry that the app has replaced by a link, and a #! line that it wrote, are not followed outside its project", async () => {
  expect((await bs9(it, "start", "web/app.ts", "--name", "web", "--port", "4653")).code).toBe(0);
  expect(await ask(4653, "/run", 'ln -sf "$HOME/.ssh/id" app.ts')).toBe(0);
  const refused = await bs9(it, "restart", "web");
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("that the service could have created; not followed") });
  expect((await sh("grep -c ssh .config/systemd/user/web.service")).stdout).toBe("0\n");
  expect(await ask(4653, "/read", "/home/ops/.ssh/id")).toBe("ENOENT");
  await sh("rm web/app.ts");
  await it.writeFile("ops", "web/app.ts", app);
  expect((await bs9(it, "restart", "web")).code).toBe(0);
  await bs9(it, "delete", "web", "--yes");

  await it.writeFile(
    "ops",
    "script/run",
    "#!/bin/sh\nprintf '#!%s/.ssh/id\\n' \"$HOME\" >run.new; chmod +x run.new; mv run.new run; sleep 1000\n",
    "755",
  );
  expect((await bs9(it, "start", "script/run", "--name", "script")).code).toBe(0);
  expect(await bs9(it, "restart", "script")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("the service could have written that line"),
  });
  await bs9(it, "delete", "script", "--yes");
}, 300_000);

test("files of bs9 inside a project are not open to the app, and describe says so", async () => {
  await it.writeFile("ops", ".config/package.json", "{}");
  await it.writeFile("ops", ".config/app.ts", app);
  const started = await bs9(it, "start", ".config/app.ts", "--name", "inside", "--port", "4654");
  expect(started.code).toBe(0);
  expect(await sandboxOf("inside")).toMatchObject({
    verdict: "partial",
    missing: [{ directive: "project root", why: expect.stringContaining("bs9's own files") }],
  });
  expect(await ask(4654, "/read", "/home/ops/.config/bs9/services/inside.json")).toBe("ENOENT");
  expect(await ask(4654, "/run", "echo '[Service]' >>/home/ops/.config/systemd/user/inside.service")).not.toBe(0);
  await bs9(it, "delete", "inside", "--yes");
  await bs9(it, "start", "web/app.ts", "--name", "exposed", "--port", "4655", "--readable", ".config");
  expect(await sandboxOf("exposed")).toMatchObject({ verdict: "partial", missing: [{ directive: "/home/ops/.config" }] });
  await bs9(it, "delete", "exposed", "--yes");
  await sh("rm .config/app.ts .config/package.json");
}, 300_000);

test.each([
  ["a file", "touch web/node_modules"],
  ["an unreadable directory", "mkdir -m 0 web/node_modules"],
  ["a circular link", "ln -s node_modules web/node_modules"],
  ["a link into an inaccessible directory", "mkdir -m 0 locked; ln -s ../locked/node_modules web/node_modules"],
])(
  "node_modules that is %s does not prevent a start",
  async (_, make) => {
    // Leftovers of a failed test would make the next one fail.
    await sh(`chmod -f 700 web/node_modules; rm -rf web/node_modules locked; ${make}`);
    const started = await bs9(it, "start", "web/app.ts", "--name", "odd", "--port", "4656");
    expect(started).toMatchObject({ code: 0, stdout: expect.stringContaining("odd started") });
    expect((await sandboxOf("odd")).verdict).toBe("effective");
    await bs9(it, "delete", "odd", "--yes");
    await sh("chmod -f 700 web/node_modules; rm -rf web/node_modules locked");
  },
  240_000,
);
