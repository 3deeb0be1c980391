// With the agent down, bs9-alert.service tells that services have failed, and nobody hears of it twice; a program for alerts runs in a
// sandbox.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Receiver } from "../e2e/alerts.ts";
import { bs9 } from "../e2e/bs9.ts";
import { freePort, type Lab, lab, succeed, until } from "../harness.ts";

let it: Lab;
let receiver: Receiver;

const user = (...argv: string[]) => it.asUser("ops", argv);
const systemctl = async (...words: string[]) => (await user("systemctl", "--user", ...words)).stdout.trim();
const kill = (...names: string[]) => systemctl("kill", "--signal=KILL", ...names);
const stateOf = (unit: string) => systemctl("show", "-P", "ActiveState", unit);
const agentIsDown = async () => {
  await systemctl("stop", "bs9-agent");
  expect(await stateOf("bs9-agent")).toBe("inactive");
};

beforeAll(async () => {
  it = await lab("alert-unit", { hostNetwork: true });
  receiver = new Receiver(freePort());
  await it.writeFile("ops", "apps/sleeping.sh", "#!/bin/sh\nexec sleep infinity\n", "755");
  const program = [
    "#!/bin/sh",
    "cat >/tmp/got && grep -q '\"version\":1' /tmp/got || exit 3",
    "cat ~/.ssh/id >/dev/null 2>&1 && exit 4",
    "echo x 2>/dev/null >~/apps/written && exit 5",
    'test "$(grep ^NoNewPrivs /proc/self/status | cut -f2)" = 1 || exit 6',
    "exit 0",
    "",
  ];
  await it.writeFile("ops", "apps/notify.sh", program.join("\n"), "755");
  await it.writeFile("ops", ".ssh/id", "secret\n", "600");
  const channels = { webhooks: [{ url: receiver.url }], command: { argv: ["/home/ops/apps/notify.sh", "it's"] }, journal: true };
  await it.writeFile("ops", ".config/bs9/alerts.json", JSON.stringify({ cooldownSeconds: 0, channels }));
  for (const name of ["one", "two", "three"])
    succeed(await bs9(it, "start", "apps/sleeping.sh", "--name", name, "--restart", "no"), `start ${name}`);
}, 300_000);
afterAll(async () => {
  receiver.close();
  await it.down();
});

test("alert --test gives a line for each channel; the program runs in its sandbox with the message on its input", async () => {
  const tested = await bs9(it, "alert", "--test", "--json");
  const trials: unknown[] = JSON.parse(tested.stdout);
  expect(trials).toMatchObject([
    { channel: expect.stringMatching(/^webhook http:\/\/127\.0\.0\.1/), ok: true },
    { channel: "command /home/ops/apps/notify.sh", ok: true, answer: "exited with 0" },
    { channel: "journal", ok: true },
  ]);
  expect(tested.code).toBe(0);
}, 60_000);

test("while the agent runs, a failure starts no process of bs9-alert.service", async () => {
  await kill("one");
  await receiver.has("one", "failed", "firing");
  expect(await systemctl("show", "-P", "ConditionResult", "bs9-alert")).toBe("no");
  expect(await systemctl("show", "-P", "ExecMainPID", "bs9-alert")).toBe("0");
  expect(receiver.counts("one", "failed")).toEqual({ firing: 1, resolved: 0 });
  await until(async () => (await user("journalctl", "--user", "-t", "bs9-alert", "-o", "json")).stdout.includes('"BS9_SUBJECT":"one"'), {
    what: "the entry in the journal",
  });
}, 60_000);

test("without the agent a failure is told, and neither the agent that comes back nor another failure tells it again", async () => {
  await agentIsDown();
  await kill("two");
  await receiver.has("two", "failed", "firing");
  await until(async () => (await stateOf("bs9-alert")) === "inactive", { what: "bs9-alert.service ends" });
  await kill("three");
  await receiver.has("three", "failed", "firing");
  const [id] = receiver
    .events()
    .filter(({ subject }) => subject === "two")
    .map((event) => event.id);
  await systemctl("start", "bs9-agent");
  await systemctl("start", "two");
  await receiver.has("two", "failed", "resolved");
  for (const name of ["one", "three"]) expect(receiver.counts(name, "failed")).toEqual({ firing: 1, resolved: 0 });
  expect(receiver.counts("two", "failed")).toEqual({ firing: 1, resolved: 1 });
  expect(receiver.events().findLast(({ subject }) => subject === "two")?.id).toBe(id ?? "");
}, 90_000);

test("the units of bs9 go with its last service, and a unit of somebody else with the name of one stays", async () => {
  const file = ".config/systemd/user/bs9-alert.service";
  const foreign = "[Service]\nType=oneshot\nExecStart=/bin/true\n";
  await it.writeFile("ops", file, foreign);
  succeed(await bs9(it, "start", "apps/sleeping.sh", "--name", "four"), "start four");
  expect((await user("cat", file)).stdout).toBe(foreign);
  succeed(await bs9(it, "delete", "all", "--yes"), "delete");
  expect((await user("sh", "-c", "ls ~/.config/systemd/user | grep bs9-")).stdout).toBe("bs9-alert.service\n");
  succeed(await user("rm", file), "rm");
  succeed(await bs9(it, "start", "apps/sleeping.sh", "--name", "four"), "start four");
  succeed(await bs9(it, "delete", "all", "--yes"), "delete");
  expect((await user("sh", "-c", "ls ~/.config/systemd/user | grep bs9-")).stdout).toBe("");
}, 60_000);
