// The trail of real commands: what is recorded, and what verify finds after damage, with a real journal.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Lab, lab, type Outcome, until } from "../harness.ts";

type Line = {
  seq: number;
  act: string;
  targets: string[];
  difference: { path: string; before?: unknown; after?: unknown }[];
  result: { outcome: string; exitStatus: number };
  who: Record<string, unknown>;
};

let it: Lab;
const bs9 = (...argv: string[]): Promise<Outcome> => it.asUser("ops", ["bs9", ...argv]);
const file = ".config/bs9/trail.jsonl";
const records = async (...targets: string[]): Promise<Line[]> => JSON.parse((await bs9("history", ...targets, "--json")).stdout);
const verdict = async () => {
  const { code, stdout } = await bs9("history", "--verify", "--json");
  return {
    code,
    ...(JSON.parse(stdout) as {
      intact: boolean;
      records: number;
      witnessed: number;
      breaks: { file: string; line: number; seq: number }[];
      unproved: string[];
    }),
  };
};
const shell = (script: string) => it.asUser("ops", ["sh", "-c", script]);

beforeAll(async () => {
  it = await lab("tr");
  await it.writeFile("ops", "web/app.ts", 'Bun.serve({ port: Number(process.env["PORT"]), fetch: () => new Response("ok") });\n');
  await it.writeFile("ops", "bad/bad.ts", 'throw new Error("boom");\n');
}, 300_000);
afterAll(() => it.down());

test("the trail records acts, failures and refusals without secrets", async () => {
  const started = await it.asUser(
    "ops",
    ["bs9", "start", "web/app.ts", "--name", "web", "--port", "4700", "--env", "KEY=hunter2", "--", "--token", "s3cr3t-value"],
    { env: { SSH_CONNECTION: "192.0.2.7 5000 192.0.2.1 22" } },
  );
  expect(started.code).toBe(0);
  expect((await bs9("stop", "web")).code).toBe(0);
  expect((await bs9("start", "bad/bad.ts", "--wait", "5")).code).toBe(1);
  expect((await bs9("start", "web")).code).toBe(0);
  expect((await bs9("restart", "web")).code).toBe(0);
  expect((await bs9("delete", "web", "bad", "--yes")).code).toBe(0);
  const all = await records();
  expect(all.map(({ act, targets, result }) => [act, targets.join(" "), result.outcome, result.exitStatus])).toEqual([
    ["start", "web", "ok", 0],
    ["stop", "web", "ok", 0],
    ["start", "bad", "failed", 1],
    ["start", "web", "ok", 0],
    ["restart", "web", "ok", 0],
    ["delete", "web bad", "ok", 0],
  ]);
  expect(all[0]?.who).toMatchObject({ uid: 1001, user: "ops", sshFromEnvironment: "192.0.2.7", origin: "cli" });
  expect(all[0]?.difference).toContainEqual({ path: "port", after: 4700 });
  expect(all[0]?.difference).toContainEqual({ path: "args", after: ["--token", "***"] });
  const text = (await shell(`cat ${file}`)).stdout;
  for (const secret of ["hunter2", "s3cr3t"]) expect(text).not.toContain(secret);
  expect((await shell(`stat -c %a ${file}`)).stdout).toBe("600\n");
});

test("a deleted service has a history, and a service that never existed has none", async () => {
  expect((await records("bad")).map(({ act }) => act)).toEqual(["start", "delete"]);
  const { stdout } = await bs9("history", "bad");
  expect(stdout).toMatch(/^WHEN +WHO +FROM +ACT +TARGET +RESULT\n/);
  expect(stdout).toMatch(/ops +\S+ +start +bad +failed \(1\)/);
  expect((await bs9("history", "nowhere")).code).toBe(4);
});

test("history --verify finds the hash of every record of the trail in systemd's journal", async () => {
  const whole = await until(async () => ((it) => (it.witnessed === it.records ? it : null))(await verdict()), {
    what: "the journal has all",
  });
  expect(whole).toMatchObject({ code: 0, intact: true, records: 6 });
  expect(whole.unproved).toEqual(["root can rewrite both the trail and the journal"]);
});

test.each([
  ["one byte changed", "sed -i '3s/bad/bat/'", 3, 3],
  ["one line cut at the start", "sed -i 1d", 1, 2],
  ["one line cut", "sed -i 3d", 3, 4],
  ["one line cut at the end", "sed -i '$d'", 6, 6],
  ["one line added", "sed -i '4{p}'", 5, 4],
])("history --verify names file, line and record of the damage: %s", async (_, damage, line, seq) => {
  await shell(`cp ${file} keep && ${damage} ${file}`);
  const found = await verdict();
  await shell(`cp keep ${file}`);
  expect(found).toMatchObject({ code: 1, intact: false });
  expect(found.breaks).toHaveLength(1);
  expect(found.breaks[0]).toMatchObject({ file: "trail.jsonl", line, seq });
});

test("history --verify notices from systemd's journal that the whole trail was removed", async () => {
  await shell(`mv ${file} away`);
  expect((await verdict()).breaks).toMatchObject([{ file: "trail.jsonl", line: 1, seq: 1 }]);
  await shell(`mv away ${file}`);
});

test("an incomplete line of the trail is reported and repaired, and many commands at once write one consistent trail", async () => {
  await shell(`head -c 100 ${file} >>${file}`);
  expect((await verdict()).unproved[0]).toContain("is incomplete");
  expect((await bs9("start", "web/app.ts", "--name", "web", "--port", "4701", "-q")).code).toBe(0);
  await Promise.all(Array.from({ length: 6 }, () => bs9("restart", "web")));
  const found = await verdict();
  expect(found.breaks).toEqual([]);
  expect((await records()).slice(6).map(({ act }) => act)).toEqual(["trail-mend", "start", ...Array<string>(6).fill("restart")]);
}, 300_000);

test("a full disk does not prevent a service from being stopped, and is reported", async () => {
  const mount =
    "cp -a .config/bs9 keep-config && mount -t tmpfs -o size=4m,uid=1001,gid=1001,mode=700 tmpfs .config/bs9 && cp -a keep-config/. .config/bs9/";
  expect((await it.asRoot(["sh", "-c", `cd /home/ops && ${mount}`])).code).toBe(0);
  await shell("cat /dev/zero >.config/bs9/fill 2>/dev/null; true");
  // The last block of the trail still has space for a few lines.
  const stopped = await until(
    async () => ((it) => (it.stderr.includes("this act could not be recorded in the trail") ? it : null))(await bs9("stop", "web")),
    { what: "the trail is full" },
  );
  expect(stopped).toMatchObject({ code: 0, stdout: "web stopped\n" });
  await shell("rm .config/bs9/fill");
  expect((await bs9("start", "web")).code).toBe(0);
  expect((await verdict()).breaks).toEqual([]);
});
