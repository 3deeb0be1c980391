// Files of bs9 that were replaced or are too large: each is named, no command waits for it, and everything else works.
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type Lab, lab, type Outcome, until } from "../harness.ts";
import { bs9, statusOf } from "./bs9.ts";

let it: Lab;
const app = await Bun.file(join(import.meta.dir, "../fixtures/web/app.ts")).text();
const sh = (script: string) => it.asUser("ops", ["sh", "-c", script]);
const limited = (...argv: string[]): Promise<Outcome> => it.asUser("ops", ["timeout", "20", "bs9", ...argv]);
const spec = ".config/bs9/services/web.json";

/** What may have replaced a file. */
const kinds = [
  ["a FIFO", "mkfifo"],
  ["a device", "ln -s /dev/zero"],
  ["a directory", "mkdir"],
] as const;

beforeAll(async () => {
  it = await lab("badfiles");
  for (const [name, port] of [
    ["web", "4900"],
    ["api", "4901"],
  ] as const) {
    await it.writeFile("ops", `${name}/app.ts`, app);
    await bs9(it, "start", `${name}/app.ts`, "--name", name, "--port", port);
  }
}, 240_000);
afterAll(() => it.down());
afterEach(async () => {
  await sh(
    `cd .config/bs9; for f in services/web.json config.toml trail.jsonl backend; do [ -e $f.kept ] && { rm -rf $f; mv $f.kept $f; }; done; rm -rf pending/web.json`,
  );
});

test.each(kinds)(
  "a spec that has become %s is named, and the other services are shown and restarted",
  async (kind, make) => {
    await sh(`mv ${spec} ${spec}.kept; ${make} ${spec}`);
    const named = `cannot read /home/ops/${spec}: it is ${kind}, not a regular file`;
    for (const agent of ["agent", "no agent"]) {
      if (agent === "no agent") await sh("systemctl --user stop bs9-agent");
      await until(async () => (await limited("status")).stderr.includes(named), { what: `status names it with ${agent}` });
      const status = await limited("status");
      expect(status).toMatchObject({ code: 0, stdout: expect.stringContaining("api") });
    }
    const before = (await statusOf(it, "api")).pid;
    const restarted = await limited("restart", "all");
    expect(restarted).toMatchObject({ code: 1, stdout: expect.stringContaining("api restarted"), stderr: expect.stringContaining(named) });
    expect((await statusOf(it, "api")).pid).not.toBe(before);
    expect(await limited("describe", "web")).toMatchObject({ code: 1, stderr: expect.stringContaining(named) });
  },
  240_000,
);

test.each(kinds)(
  "a config.toml that has become %s is named, and every command continues",
  async (kind, make) => {
    await sh(`touch .config/bs9/config.toml; mv .config/bs9/config.toml .config/bs9/config.toml.kept; ${make} .config/bs9/config.toml`);
    const status = await limited("status");
    expect(status).toMatchObject({ code: 0, stderr: expect.stringContaining(`config.toml: it cannot be read: it is ${kind}`) });
    // The agent reads the file when it starts.
    await sh("systemctl --user restart bs9-agent");
    await until(async () => (await statusOf(it, "api")).figuresFrom === "agent", { what: "the agent answers" });
  },
  240_000,
);

test.each(kinds)(
  "a record of a pending change that has become %s is named, and blocks no other service",
  async (kind, make) => {
    await sh(`mkdir -p .config/bs9/pending; ${make} .config/bs9/pending/web.json`);
    const named = `cannot read /home/ops/.config/bs9/pending/web.json: it is ${kind}, not a regular file`;
    expect(await limited("status")).toMatchObject({ code: 0, stderr: expect.stringContaining(named) });
    expect(await limited("restart", "api")).toMatchObject({ code: 0, stdout: expect.stringContaining("api restarted") });
    expect((await limited("doctor")).stdout).toContain(named);
  },
  240_000,
);

test.each(kinds)(
  "a trail that has become %s stops no act, and is named",
  async (kind, make) => {
    await sh(`mv .config/bs9/trail.jsonl .config/bs9/trail.jsonl.kept; ${make} .config/bs9/trail.jsonl`);
    const named = `cannot read /home/ops/.config/bs9/trail.jsonl: it is ${kind}, not a regular file`;
    expect(await limited("restart", "api")).toMatchObject({ code: 0, stderr: expect.stringContaining(named) });
    expect(await limited("history")).toMatchObject({ code: 1, stderr: expect.stringContaining(named) });
  },
  240_000,
);

test("status lists the service whose unfinished start it has just completed", async () => {
  const late = 'import { existsSync } from "node:fs";\nwhile (!existsSync("go")) await Bun.sleep(20);\n';
  await it.writeFile("ops", "late/app.ts", `${late}Bun.serve({ port: Number(process.env.PORT), fetch: () => new Response("ok") });\n`);
  for (const words of [["status"], ["status", "late"]]) {
    await sh("rm -f late/go");
    const start = it.start("ops", ["bs9", "start", "late/app.ts", "--name", "late", "--port", "4902"]);
    await until(async () => (await sh("systemctl --user is-active late.service")).code === 0, { what: "it waits for its service" });
    start.kill("SIGKILL");
    await start.exited;
    await sh("touch late/go");
    await until(async () => (await sh("ss -ltn | grep -q :4902")).code === 0, { what: "the service listens" });
    const status = await bs9(it, ...words);
    expect(status).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("late"),
      stderr: expect.stringContaining("the change is now finished"),
    });
    await bs9(it, "delete", "late", "--yes");
  }
}, 240_000);

test("delete all deletes every service whose spec can be read, and names the others", async () => {
  await sh(`mv ${spec} ${spec}.kept; mkdir ${spec}`);
  const deleted = await limited("delete", "all", "--yes");
  expect(deleted).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("api deleted"),
    stderr: expect.stringContaining(`/home/ops/${spec}`),
  });
  expect((await sh("systemctl --user is-active api.service")).stdout).toBe("inactive\n");
}, 240_000);
