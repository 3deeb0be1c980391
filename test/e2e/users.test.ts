// root, and two users with a service of the same name, each on its own user manager.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type Lab, lab, type User } from "../harness.ts";

let it: Lab;
const app = await Bun.file(join(import.meta.dir, "../fixtures/web/app.ts")).text();
const users: [User, number][] = [
  ["root", 4300],
  ["ops", 4301],
  ["dev", 4302],
];

beforeAll(async () => {
  it = await lab("users", { bs9: ["root", "ops", "dev"] });
}, 300_000);
afterAll(() => it.down());

const as = (user: User, ...argv: string[]) => it.asUser(user, ["sh", "-c", 'PATH="$HOME/.local/bin:$PATH" exec bs9 "$@"', "bs9", ...argv]);

test.each(users)("%s starts web", async (user, port) => {
  await it.writeFile(user, "web/app.ts", app.replace('"listening"', `"this is ${user}"`));
  const { code, stdout, stderr } = await as(user, "start", "web/app.ts", "--name", "web", "--port", String(port));
  expect({ code, stderr: stderr.includes("running as root") }).toEqual({ code: 0, stderr: user === "root" });
  expect(stdout).toContain("sandbox effective");
});

test.each(users)("%s sees only its own status and its own log", async (user, port) => {
  const status = JSON.parse((await as(user, "status", "--json")).stdout) as unknown[];
  expect(status).toHaveLength(1);
  expect(status).toMatchObject([{ name: "web", port, state: "active", ready: true, sandbox: "effective" }]);
  const lines = (await as(user, "logs", "web", "--json")).stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { message: string; stream: string });
  expect(lines.filter(({ stream }) => stream === "stdout").map(({ message }) => message)).toEqual([`this is ${user}`]);
  expect(lines.filter(({ stream }) => stream === "stderr").map(({ message }) => message)).toEqual(["a word on stderr"]);
});

test("bs9 works under su and sudo, without XDG_RUNTIME_DIR or with that of another user", async () => {
  for (const env of [
    { XDG_RUNTIME_DIR: undefined, DBUS_SESSION_BUS_ADDRESS: undefined },
    { XDG_RUNTIME_DIR: "/run/user/0", DBUS_SESSION_BUS_ADDRESS: "unix:path=/run/user/0/bus" },
  ]) {
    const { code, stdout } = await it.asUser("ops", ["bs9", "status", "web", "--json"], { env });
    expect({ code, port: (JSON.parse(stdout) as { port: number }[])[0]?.port }).toEqual({ code: 0, port: 4301 });
  }
});

test("a delete by one user leaves the services of others running", async () => {
  expect((await as("dev", "delete", "web", "--yes")).code).toBe(0);
  for (const user of ["root", "ops"] as const) expect((await as(user, "status", "web")).code).toBe(0);
});
