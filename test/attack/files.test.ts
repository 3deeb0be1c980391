// Attempts of an app on files that do not belong to it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Description } from "../../src/lifecycle/describe.ts";
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

  test("an app cannot read other files in the user's home directory", async () => {
    expect(await app.attempt(`return require("fs").readFileSync("${stage.home}/.ssh/id", "utf8")`)).toMatch(/^(ENOENT|EACCES)$/);
  });

  test("an app can write its project, and nothing else in the user's home directory or the system", async () => {
    const write = (path: string) => app.attempt(`require("fs").writeFileSync("${path}", "x"); return "done"`);
    expect(await write(`${stage.home}/web/written`)).toBe("done");
    const others = [`${stage.home}/written`, `${stage.home}/.config/systemd/user/evil.service`, "/etc/written", "/usr/bin/written"];
    // A write by the app must not appear to succeed and then be lost.
    for (const path of others) expect([path, await write(path)]).toEqual([path, expect.stringMatching(/^E(ROFS|ACCES|NOENT)$/)]);
    expect(await stage.sh(`for path in ${others.join(" ")}; do test ! -e $path || echo $path; done`)).toBe("");
  });

  test("on systemd an app finds nothing of other services or the user in /dev/shm, and under the supervisor describe says that it does", async () => {
    await stage.write("strict/package.json", "{}");
    const strict = await stage.service("strict", "strict", "--sandbox", "strict");
    const write = (name: string, text: string) =>
      `require("fs").writeFileSync("/dev/shm/of-${name}", "${text}", { mode: 0o600 }); return "written"`;
    expect([await app.attempt(write("web", "secret")), await strict.attempt(write("strict", "secret"))]).toEqual(["written", "written"]);
    await stage.sh(`umask 077; echo secret >/dev/shm/of-user`);
    const list = `return require("fs").readdirSync("/dev/shm").filter((name) => name.startsWith("of-")).sort().join(" ")`;
    const seen = [await app.attempt(list), await strict.attempt(list)];
    const described = async (name: string) => JSON.parse((await stage.bs9("describe", name, "--json")).stdout) as Description;
    const sandboxes = [(await described("web")).sandbox, (await described("strict")).sandbox];
    if (kind === "systemd") {
      expect(seen).toEqual(["of-web", "of-strict"]);
      expect(await app.attempt(write("strict", "overwritten"))).toBe("written");
      expect(await strict.attempt(`return require("fs").readFileSync("/dev/shm/of-strict", "utf8")`)).toBe("secret");
      for (const { verdict, verified } of sandboxes)
        expect([verdict, verified.includes("TemporaryFileSystem")]).toEqual(["effective", true]);
    } else {
      expect(seen).toEqual(["of-strict of-user of-web", "of-strict of-user of-web"]);
      for (const { verdict, missing } of sandboxes)
        expect([verdict, missing.some(({ directive }) => directive.startsWith("TemporaryFileSystem=/dev/shm"))]).toEqual(["partial", true]);
    }
    await stage.sh("rm -f /dev/shm/of-*");
    await stage.bs9("delete", "strict", "--yes");
  });
});
