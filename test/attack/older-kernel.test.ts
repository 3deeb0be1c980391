// Where Landlock is not available, as on a kernel before 5.13 or under the filter of a container: what is still enforced and
// reported.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Description } from "../../src/lifecycle/describe.ts";
import { type Service, type Stage, type Stages, stages } from "./stage.ts";

let all: Stages;
let stage: Stage;
let a: Service;
beforeAll(async () => {
  all = await stages("attack-older", { landlock: false });
  stage = all.on("systemd");
  await stage.write("a/package.json", "{}");
  a = await stage.service("a", "a");
}, 240_000);
afterAll(() => all.lab.down());

const describes = async (name: string): Promise<Description> => JSON.parse((await stage.bs9("describe", name, "--json")).stdout);

test("without Landlock the sandbox is still effective, and isolation is partial", async () => {
  const { sandbox, isolation, status } = await describes("a");
  expect(sandbox.verdict).toBe("effective");
  expect(status.isolation).toBe("partial");
  expect(isolation).toMatchObject({ verdict: "partial", verified: ["prlimit"], probed: ["prlimit"] });
  expect(isolation?.missing.map(({ directive }) => directive)).toEqual(["signals", "abstract sockets"]);
  for (const { why, mend } of isolation?.missing ?? []) {
    expect(why).toContain("Landlock");
    expect(mend).not.toBe("");
  }
});

test("without Landlock an app cannot change the limits of other processes either", async () => {
  const pid = Number(await stage.sh("systemctl --user show --value -p MainPID bs9-agent"));
  const child = `return String(require("child_process").spawnSync("prlimit", ["--pid", "${pid}", "--nofile=16:16"]).stderr)`;
  expect(await a.attempt(child)).toContain("Operation not permitted");
  expect(await a.attempt(`process.kill(${pid}, 0); return "sent"`)).toBe("sent");
});

test("without Landlock start --require-isolation is refused, runs nothing and leaves no files", async () => {
  await stage.write("shy/app.ts", 'require("fs").writeFileSync("ran", "x"); setInterval(() => {}, 1000);');
  const refused = await stage.bs9("start", "shy/app.ts", "--name", "shy", "--require-isolation");
  expect(refused).toMatchObject({ code: 6 });
  expect(refused.stderr).toContain("its isolation would be partial, and --require-isolation asks for full");
  expect(await stage.sh("ls shy; ls .config/systemd/user")).not.toMatch(/ran|shy\.service/);
  expect((await stage.bs9("status", "shy")).code).toBe(4);
});
