// What an app tries on files that are not its own.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { backends, type Service, type Stage, type Stages, stages } from "./stage.ts";

let all: Stages;
beforeAll(async () => {
  all = await stages("attack-files");
}, 240_000);
afterAll(() => all.lab.down());

describe.each(backends)("%s", (kind) => {
  let stage: Stage;
  let app: Service;
  beforeAll(async () => {
    stage = all.on(kind);
    await stage.write(".ssh/id", "secret", "600");
    await stage.write("web/package.json", "{}");
    app = await stage.service("web", "web");
  }, 240_000);

  test("an app reads no other file of the user's home", async () => {
    expect(await app.attempt(`return require("fs").readFileSync("${stage.home}/.ssh/id", "utf8")`)).toMatch(/^(ENOENT|EACCES)$/);
  });

  test("an app writes its own project, and nothing else of the user's home or of the system", async () => {
    const write = (path: string) => app.attempt(`require("fs").writeFileSync("${path}", "x"); return "done"`);
    expect(await write(`${stage.home}/web/written`)).toBe("done");
    const others = [`${stage.home}/written`, `${stage.home}/.config/systemd/user/evil.service`, "/etc/written", "/usr/bin/written"];
    // A write may succeed on the empty file system that covers home: it must leave nothing behind.
    for (const path of others) await write(path);
    expect(await stage.sh(`for path in ${others.join(" ")}; do test ! -e $path || echo $path; done`)).toBe("");
  });
});
