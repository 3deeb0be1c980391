// A service gains nothing through a second service whose directory is below its own.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Description } from "../../src/lifecycle/describe.ts";
import { succeed, until } from "../harness.ts";
import { type Pair, pair, restartOften, secret, swap, swapBack, swapInALoop } from "./escape.ts";
import { backends, type Stage, type Stages, stages } from "./stage.ts";

let all: Stages;
beforeAll(async () => {
  all = await stages("attack-escape");
}, 240_000);
afterAll(() => all.lab.down());

const rounds = 5;
const describes = async (stage: Stage): Promise<Description> => JSON.parse((await stage.bs9("describe", "b", "--json")).stdout);
/** On the supervisor no sandbox is effective. */
const best = { systemd: "effective", supervisor: "partial" } as const;

describe.each(backends)("%s", (kind) => {
  describe.each(["standard", "strict"])("%s", (profile) => {
    let stage: Stage;
    let it: Pair;
    beforeAll(async () => {
      stage = all.on(kind);
      it = await pair(stage, "--sandbox", profile);
    }, 240_000);
    afterAll(() => stage.bs9("delete", "a", "b", "--yes"));

    test("a directory that was replaced by a link is not followed when the service is restarted automatically", async () => {
      expect(await it.a.attempt(swap(stage.home))).toBe("swapped");
      await it.kill();
      const answers: string[] = [];
      await until(
        async () => {
          answers.push(await it.served());
          return JSON.stringify((await describes(stage)).events).includes("a directory of its sandbox was replaced by a symbolic link");
        },
        { what: "describe says why", timeoutMs: 30_000 },
      ).finally(() => expect(answers.join("\n")).not.toContain(secret));
      const log = await until(async () => /.*mono\/public was replaced.*/.exec((await stage.bs9("logs", "b", "-n", "50")).stdout)?.[0], {
        what: "the log names the path",
      });
      expect(log).toContain(`${stage.home}/.ssh`);
      const restarted = await stage.bs9("restart", "b");
      expect(restarted).toMatchObject({ code: 1 });
      expect(restarted.stderr).toContain(
        `${stage.home}/mono/public is a symbolic link to ${stage.home}/.ssh that the service a could have created; not followed`,
      );
      expect(await it.served()).not.toContain(secret);
    }, 240_000);

    test("the service comes up by itself after the directory is back, and a new directory of that name works as well", async () => {
      expect(await it.a.attempt(swapBack(stage.home))).toBe("back");
      await until(async () => (await it.b.attempt(`return "up"`)) === "up", { what: "b answers", timeoutMs: 40_000 });
      expect((await describes(stage)).sandbox.verdict).toBe(best[kind]);
      await stage.sh("cp -r mono/public mono/next && rm -r mono/public && mv mono/next mono/public");
      await it.kill();
      await until(async () => (await it.b.attempt(`return "up"`)) === "up", { what: "b answers", timeoutMs: 40_000 });
      succeed(await stage.bs9("restart", "b"), "restart after a deploy");
      expect((await describes(stage)).sandbox.verdict).toBe(best[kind]);
    }, 90_000);
  });

  test(`a link that is swapped in a loop is never followed: ${rounds} restarts`, async () => {
    const stage = all.on(kind);
    // Without the restart delay, which grows with each refused start.
    const it = await pair(stage, "--restart-delay", "0s");
    expect(await it.a.attempt(swapInALoop(stage.home))).toBe("swapping");
    const seen = await restartOften(stage, it, rounds);
    await stage.sh("touch mono/STOP");
    expect(seen.showed).toBe(false);
    // Some starts must succeed and some must be refused, because otherwise the loop has not tested anything.
    expect(seen.answered).toBeGreaterThan(0);
    expect(seen.refused).toBeGreaterThan(0);
    await stage.bs9("delete", "a", "b", "--yes");
  }, 300_000);
});
