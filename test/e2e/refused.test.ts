// A start that the audit or the sandbox refuses leaves a record in the trail, and nothing else.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Lab, lab, succeed, until } from "../harness.ts";
import { bs9 } from "./bs9.ts";

let it: Lab;
type Act = { act: string; targets: string[]; result: { outcome: string; exitStatus: number; message: string } };

beforeAll(async () => {
  it = await lab("refused", { bs9: ["ops", "dev"] });
  for (const user of ["ops", "dev"] as const) {
    await it.writeFile(user, "evil/app.ts", "eval(process.argv[2] ?? '');\n");
    await it.writeFile(user, "plain/app.ts", "setInterval(() => {}, 1000);\n");
    // An entry directly in the home directory never gets more than a partial sandbox.
    await it.writeFile(user, "app.ts", "setInterval(() => {}, 1000);\n");
  }
}, 240_000);
afterAll(() => it.down());

const sh = async (user: "ops" | "dev", script: string) => succeed(await it.asUser(user, ["sh", "-c", script]), script).stdout;
/**
 * Files and directories below those of bs9, except the directories of XDG and systemd that other programs use too. The results
 * of probes of the host are kept in ~/.cache, whichever command ran them. acting.json tells the agent of the acts of the last
 * minutes, refused ones too.
 */
const traces = (user: "ops" | "dev") =>
  sh(
    user,
    "find .config .local $XDG_RUNTIME_DIR/bs9 $XDG_RUNTIME_DIR/systemd/user/* -not -path .config -not -path .local/share -not -name acting.json 2>/dev/null | sort",
  );
const history = async (user: "ops" | "dev", env = {}): Promise<Act[]> =>
  JSON.parse((await it.asUser(user, ["bs9", "history", "--json"], { env })).stdout);
const onlyTheTrail = [".config/bs9", ".config/bs9/lock", ".config/bs9/trail.jsonl"];

test("a start that the audit refuses gives exit 6 and a record, and does not even start the supervisor", async () => {
  for (const [user, env] of [
    ["ops", {}],
    ["dev", { BS9_BACKEND: "supervisor" }],
  ] as const) {
    const before = (await traces(user)).split("\n");
    const refused = await it.asUser(user, ["bs9", "start", "evil/app.ts", "--name", "evil"], { env });
    expect(refused).toMatchObject({ code: 6, stdout: "" });
    const added = (await traces(user)).split("\n").filter((path) => !before.includes(path));
    expect(added).toEqual(onlyTheTrail);
    expect(await history(user, env)).toMatchObject([
      {
        act: "start",
        targets: ["evil"],
        result: { outcome: "failed", exitStatus: 6, message: expect.stringContaining("the audit finds") },
      },
    ]);
    expect((await it.asUser(user, ["pgrep", "-u", user, "-f", "bin/bs9"])).stdout).toBe("");
    expect((await it.asUser(user, ["bs9", "history", "--verify"], { env })).code).toBe(0);
  }
});

test("requirements that the supervisor cannot satisfy are refused before a supervisor is started", async () => {
  const env = { BS9_BACKEND: "supervisor" };
  const before = await traces("dev");
  expect((await it.asUser("dev", ["bs9", "start", "plain/app.ts", "--name", "plain", "--require-sandbox"], { env })).code).toBe(6);
  expect(await traces("dev")).toBe(before);
  expect(await history("dev", env)).toMatchObject([{}, { targets: ["plain"], result: { exitStatus: 6 } }]);
  expect((await it.asUser("dev", ["pgrep", "-u", "dev", "-f", "bin/bs9"])).stdout).toBe("");
});

test("a start refused because of the live process leaves only a record in the trail", async () => {
  const before = await traces("ops");
  const refused = await bs9(it, "start", "app.ts", "--name", "home", "--require-sandbox");
  expect(refused).toMatchObject({ code: 6, stderr: expect.stringContaining("--require-sandbox asks for an effective one") });
  expect(await traces("ops")).toBe(before);
  expect((await bs9(it, "status", "home")).code).toBe(4);
  await until(async () => (await sh("ops", "systemctl --user list-units --all --no-legend 'home*' 'bs9-agent*'")).trim() === "", {
    what: "no unit is loaded",
  });
  expect(await history("ops")).toMatchObject([{}, { targets: ["home"], result: { exitStatus: 6 } }]);
});

test("a refused start keeps the runtime of other services, and a refused change leaves the service as it was", async () => {
  succeed(await bs9(it, "start", "plain/app.ts", "--name", "plain"), "start plain");
  await until(() => sh("ops", "test -S .local/state/bs9/agent.sock && test -e .config/bs9/metrics/metrics.db-wal && echo yes"), {
    what: "the agent has made its files",
  });
  // The directory is empty now; bs9 removes it when the next change is undone.
  const before = (await traces("ops")).replace(".config/bs9/pending\n", "");
  const shown = await sh("ops", "systemctl --user show --property=MainPID plain; cat .config/bs9/services/plain.json");
  expect((await bs9(it, "start", "app.ts", "--name", "home", "--require-sandbox")).code).toBe(6);
  expect((await bs9(it, "start", "evil/app.ts", "--name", "plain")).code).toBe(6);
  await it.writeFile("ops", "plain/app.ts", "setInterval(() => eval('1'), 1000);\n");
  expect((await bs9(it, "start", "plain", "--env", "A=1")).code).toBe(6);
  expect(await traces("ops")).toBe(before);
  expect(await sh("ops", "systemctl --user show --property=MainPID plain; cat .config/bs9/services/plain.json")).toBe(shown);
  expect((await history("ops")).at(-1)).toMatchObject({ act: "start", targets: ["plain"], result: { outcome: "failed", exitStatus: 6 } });
});
