// `--log file` on systemd: no line is lost, and `bs9 logs` works as before. A flood beyond the quota: `npm run prove -- flood`.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Lab, lab, until } from "../harness.ts";
import { bs9 } from "./bs9.ts";
import { untilDone } from "./flood.ts";

let it: Lab;
const files = ".local/state/bs9/logs";

beforeAll(async () => {
  it = await lab("logfile");
  await it.writeFile("ops", "say/say.sh", '#!/bin/sh\necho "hello $GREETING"\necho "<3>oh no" >&2\nexec sleep 1000\n', "755");
  await it.writeFile("ops", "flood/flood.sh", '#!/bin/sh\nseq 1 "$1"\necho done >&2\nexec sleep 1000\n', "755");
  const paced =
    'for (let n = 0; n < 3; n++) { for (let i = 1; i <= 20_000; i++) console.log(n * 20_000 + i); await Bun.sleep(1000); }\nconsole.error("done");\nawait Bun.sleep(1e6);\n';
  await it.writeFile("ops", "paced/paced.ts", paced);
}, 300_000);
afterAll(() => it.down());

const messages = (stdout: string) => stdout.split("\n").slice(0, -1);
test("logs merges the lines of log files with those of a service in the journal and with the reports of systemd", async () => {
  const started = await bs9(it, "start", "say/say.sh", "--log", "file", "--env", "GREETING=file");
  expect(started.stdout).toMatch(/^say started .*sandbox effective/);
  await bs9(it, "start", "say/say.sh", "--name", "other", "--env", "GREETING=journal");
  const both = await until(
    async () => {
      const { stdout } = await bs9(it, "logs", "say", "other", "--json");
      const lines = messages(stdout).map((line) => JSON.parse(line));
      return lines.length === 4 ? lines : null;
    },
    { what: "four lines" },
  );
  for (const [service, word] of [
    ["say", "file"],
    ["other", "journal"],
  ])
    for (const [stream, level, message] of [
      ["stdout", "info", `hello ${word}`],
      ["stderr", "error", "oh no"],
    ])
      expect(both).toContainEqual(expect.objectContaining({ service, stream, level, message }));
  expect((await it.asUser("ops", ["stat", "-c", "%a", files, `${files}/say`, `${files}/say/stdout.log`])).stdout).toBe("700\n700\n600\n");
  expect(await it.asUser("ops", ["systemd-analyze", "--user", "verify", ".config/systemd/user/say.service"])).toMatchObject({
    code: 0,
    stderr: "",
  });
  await it.asUser("ops", ["systemctl", "--user", "kill", "-s", "KILL", "say"]);
  await until(async () => (await bs9(it, "logs", "say", "--json")).stdout.includes('"stream":"bs9"'), {
    what: "systemd's word on the end",
  });
});

test("logs -f prints each new line of a log file once", async () => {
  const following = it.start("ops", ["bs9", "logs", "say", "-f", "--no-time", "-n", "1", "--grep", "hello"]);
  await until(() => messages(following.stdout()).length === 1, { what: "the last line" });
  await bs9(it, "restart", "say");
  await until(() => messages(following.stdout()).length === 2, { what: "the new line" });
  following.kill("SIGINT");
  expect(await following.exited).toBe(130);
  expect(following.stdout()).toBe("hello file\nhello file\n");
});

test("a mistyped value of --log is refused, and delete removes the files", async () => {
  expect((await bs9(it, "start", "say/say.sh", "--log", "disk")).code).toBe(2);
  await bs9(it, "delete", "say", "other", "--yes");
  expect((await it.asUser("ops", ["ls", files])).stdout).not.toContain("say");
});

test("200,000 lines at full speed and 60,000 at 20,000 a second all arrive complete", async () => {
  await bs9(it, "start", "flood/flood.sh", "--log", "file", "--", "200000");
  await bs9(it, "start", "paced/paced.ts", "--log", "file");
  for (const [name, count] of [
    ["flood", 200_000],
    ["paced", 60_000],
  ] as const) {
    await untilDone(it, name);
    const compare = `seq ${count} > want; bs9 logs ${name} --no-time -n 2000000 | grep -v done | cmp - want`;
    const shown = await it.asUser("ops", ["sh", "-c", compare]);
    expect(shown).toMatchObject({ code: 0, stdout: "" });
  }
  await bs9(it, "delete", "flood", "paced", "--yes");
});
