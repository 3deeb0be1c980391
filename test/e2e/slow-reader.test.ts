// The output of a command arrives completely, however late its reader is, and the command ends when its reader is gone.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { until } from "../harness.ts";
import { Place } from "../supervisor/bs9.ts";

const place = new Place();
const count = 20_000;

beforeAll(async () => {
  place.write("many/many.sh", `#!/bin/sh\ni=0; while [ $i -lt ${count} ]; do echo "line $i"; i=$((i+1)); done; exec sleep 4245\n`);
  Bun.spawnSync(["chmod", "+x", `${place.folder}/many/many.sh`]);
  await place.bs9("start", "many/many.sh", "--name", "many", "--wait", "0");
  await until(async () => (await place.bs9("logs", "many", "--no-time", "-n", "1")).stdout === `line ${count - 1}\n`, {
    what: "all is written",
  });
}, 240_000);
afterAll(() => place.down());

const sh = async (script: string) => {
  const child = Bun.spawn(["bash", "-c", `set -o pipefail; ${script}`, "bash", `${import.meta.dir}/../../dist/bs9`], {
    cwd: place.folder,
    env: place.env,
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 30_000,
  });
  const [stdout, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  return { stdout, code };
};

test("a command gives every line to a reader that starts late", async () => {
  expect(await sh('"$1" logs many --no-time -n 1000000 | { sleep 0.5; wc -l; }')).toEqual({ stdout: `${count}\n`, code: 0 });
}, 240_000);

test("a command ends when its reader closes the pipe early", async () => {
  expect((await sh('"$1" logs many --no-time -n 1000000 | { sleep 0.5; head -n 2; }')).stdout).toBe("line 0\nline 1\n");
}, 240_000);
