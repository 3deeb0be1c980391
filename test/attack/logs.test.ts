// A service replaces a log file, its own or that of another service, by a symbolic link.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { succeed, until } from "../harness.ts";
import { backends, type Service, type Stage, type Stages, stages } from "./stage.ts";

let all: Stages;
beforeAll(async () => {
  all = await stages("attack-logs");
}, 240_000);
afterAll(() => all.lab.down());

describe.each(backends)("%s", (kind) => {
  let stage: Stage;
  let app: Service;
  let folder: string;
  beforeAll(async () => {
    stage = all.on(kind);
    folder = `${stage.home}/.local/state/bs9/logs`;
    await stage.write(".ssh/authorized_keys", "the key of the owner\n", "600");
    await stage.write("web/package.json", "{}");
    await stage.write("other/package.json", "{}");
    app = await stage.service("web", "web", "--log", "file");
    await stage.service("other", "other", "--log", "file");
  }, 240_000);
  afterAll(() => stage.bs9("delete", "web", "other", "--yes"));

  test("a service in a sandbox cannot replace a log file, create one beside it, or replace a directory of log files", async () => {
    const keys = `${stage.home}/.ssh/authorized_keys`;
    const before = await stage.sh(`ls -liR ${folder} | awk '{ print $1, $2, $NF }'`);
    const link = (place: string) => `fs.symlinkSync("${keys}", "${place}");`;
    const attempts = ["web", "other"].flatMap((name) => {
      const file = `${folder}/${name}/stdout.log`;
      return [
        `fs.unlinkSync("${file}"); ${link(file)}`,
        `fs.renameSync("${file}", "${stage.home}/web/taken"); ${link(file)}`,
        `${link(`${stage.home}/web/link`)} fs.renameSync("${stage.home}/web/link", "${file}");`,
        link(`${folder}/${name}/stdout.0000000000000000-0000000000000009.zst`),
        `fs.renameSync("${folder}/${name}", "${folder}/${name}.old"); ${link(`${folder}/${name}`)}`,
      ];
    });
    for (const attempt of attempts) {
      const outcome = await app.attempt(
        `const fs = require("fs"); fs.rmSync("${stage.home}/web/link", { force: true }); ${attempt} return "done"`,
      );
      expect([attempt, outcome]).toEqual([attempt, expect.stringMatching(/^(ENOENT|EACCES|EROFS|EPERM|EXDEV)$/)]);
    }
    expect(await stage.sh(`find ${folder} -type l`)).toBe("");
    const after = await stage.sh(`ls -liR ${folder} | awk '{ print $1, $2, $NF }'`);
    // An index may have been created meanwhile, but every earlier file is still the same.
    for (const line of before.split("\n").filter((one) => one.endsWith(".log"))) expect(after).toContain(line);
  }, 300_000);

  test("a link that was made from outside the sandbox is not followed when bs9 starts, reads or trims", async () => {
    const file = `${folder}/web/stdout.log`;
    await stage.sh(`mv ${file} ${file}.aside && ln -s ${stage.home}/.ssh/authorized_keys ${file}`);
    const logs = await stage.bs9("logs", "web", "-n", "100");
    expect(logs.stdout).not.toContain("the key of the owner");
    expect(logs.stderr).toContain(`the log file ${file} is not read: it is a symbolic link, which is not followed`);
    const restarted = await stage.bs9("restart", "web");
    expect(restarted.code).toBe(1);
    expect(`${restarted.stdout}${restarted.stderr}`).toContain("it is a symbolic link, which is not followed");
    expect((await stage.bs9("doctor")).stdout).toContain("it is a symbolic link");
    expect(await stage.sh("cat .ssh/authorized_keys")).toBe("the key of the owner\n");
    await stage.sh(`mv ${file}.aside ${file}`);
    succeed(await stage.bs9("restart", "web"), "restart web");
    await until(async () => (await app.attempt(`return "up"`)) === "up", { what: "web is back" });
  }, 300_000);
});

test("an environment file that the app has replaced by a link is not read", async () => {
  const stage = all.on("systemd");
  await stage.write("site/package.json", "{}");
  await stage.write(".aws/credentials", "aws_secret_access_key=secret\n", "600");
  await stage.write("site/.env", "A=1\n");
  const app = await stage.service("site", "site", "--env-file", `${stage.home}/site/.env`);
  const swapped = await app.attempt(
    `const fs = require("fs"); fs.rmSync(".env"); fs.symlinkSync("${stage.home}/.aws/credentials", ".env"); return "swapped"`,
  );
  expect(swapped).toBe("swapped");
  const started = await stage.bs9("start", "site", "--env-file", `${stage.home}/site/.env`);
  expect(started).toMatchObject({ code: 1, stderr: expect.stringContaining(`it is a symbolic link to ${stage.home}/.aws/credentials`) });
  expect(await app.attempt("return JSON.stringify(process.env)")).not.toContain("aws_secret_access_key");
  await stage.bs9("delete", "site", "--yes");
}, 240_000);
