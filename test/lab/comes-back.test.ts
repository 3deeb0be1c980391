// The user manager is killed, as systemd 255 does at a logout: with the drop-in that doctor names, every service returns.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Finding } from "../../src/backend/finding.ts";
import type { Status } from "../../src/status/schema.ts";
import { bs9 } from "../e2e/bs9.ts";
import { type Lab, lab, succeed, until } from "../harness.ts";

let it: Lab;
const names = ["api", "web"];
const app = "Bun.serve({ port: Number(process.env.PORT), fetch: () => new Response('up') });\n";

beforeAll(async () => {
  it = await lab("comesback");
  for (const [i, name] of [...names, "off"].entries()) {
    await it.writeFile("ops", `${name}/app.ts`, app);
    succeed(await bs9(it, "start", `${name}/app.ts`, "--name", name, "--port", String(4800 + i)), `start ${name}`);
  }
  succeed(await bs9(it, "stop", "off"), "stop off");
}, 300_000);
afterAll(() => it.down());

const comesBack = async (): Promise<Finding | undefined> =>
  (JSON.parse((await bs9(it, "doctor", "--json")).stdout) as { findings: Finding[] }).findings.find(({ id }) => id === "comes-back");
const mainPid = async (unit: string, ...words: string[]) =>
  Number((await it.asUser("ops", ["systemctl", ...words, "show", "--property=MainPID", "--value", unit])).stdout);
const statuses = async (): Promise<Status[]> => JSON.parse((await bs9(it, "status", "--json")).stdout);
const install = async () =>
  succeed(await it.asRoot(["sh", "-c", (await comesBack())?.mend.replaceAll("sudo ", "") ?? "false"]), "doctor's line");

test("the command line that doctor prints activates the drop-in for the user manager, and doctor then reads from systemd that it is active", async () => {
  await install();
  expect(await comesBack()).toBeUndefined();
  const { stdout } = await it.asUser("ops", ["systemctl", "show", "--property=Restart,RestartUSec,DropInPaths", "user@1001.service"]);
  expect(stdout).toContain("Restart=always\n");
  expect(stdout).toContain("RestartUSec=100ms\n");
  expect(stdout).toContain("/etc/systemd/system/user@.service.d/bs9.conf");
});

test("doctor does not count a drop-in that another drop-in overrides, or that systemd has not read", async () => {
  const folder = "/etc/systemd/system/user@.service.d";
  await it.asRoot(["sh", "-c", `printf '[Service]\\nRestart=no\\n' >${folder}/zz.conf && systemctl daemon-reload`]);
  expect((await comesBack())?.what).toContain("another drop-in sets Restart=no");
  await it.asRoot(["sh", "-c", `rm ${folder}/zz.conf ${folder}/bs9.conf && systemctl daemon-reload`]);
  expect((await comesBack())?.mend).toContain("RestartSec=100ms");
  await it.asRoot(["sh", "-c", `printf '[Service]\\nRestart=always\\n' >${folder}/bs9.conf`]);
  expect(await comesBack()).toMatchObject({ what: expect.stringContaining("has not loaded it"), mend: "sudo systemctl daemon-reload" });
  await it.asRoot(["rm", `${folder}/bs9.conf`]);
  await it.asRoot(["systemctl", "daemon-reload"]);
  await install();
});

test("after SIGKILL of the user manager every service returns, and stopped services stay stopped", async () => {
  const before = new Map(await Promise.all(names.map(async (name) => [name, await mainPid(name, "--user")] as const)));
  const killed = await mainPid("user@1001.service");
  succeed(await it.asRoot(["systemctl", "kill", "--signal=KILL", "--kill-whom=main", "user@1001.service"]), "kill the user manager");
  await until(async () => ![0, killed].includes(await mainPid("user@1001.service")), { what: "another user manager runs" });
  for (const name of names)
    await until(async () => ![0, before.get(name)].includes(await mainPid(name, "--user")), { what: `${name} is back`, timeoutMs: 60_000 });
  const shown = await until(
    async () => {
      const all = await statuses();
      return all.filter(({ ready }) => ready).length === names.length ? all : null;
    },
    { what: "all are ready", timeoutMs: 60_000 },
  );
  for (const name of names) expect(shown).toContainEqual(expect.objectContaining({ name, state: "active", sandbox: "effective" }));
  expect(shown).toContainEqual(expect.objectContaining({ name: "off", state: "inactive", pid: null }));
  await until(async () => (await mainPid("bs9-agent.service", "--user")) > 0, { what: "the agent is back" });
}, 90_000);
