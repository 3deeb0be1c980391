// A flood of log lines under the supervisor: the quota holds, the newest lines stay, and commands are not delayed.
import { afterAll, expect, test } from "bun:test";
import { chmodSync, readdirSync, readFileSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { binary, until } from "../harness.ts";
import { Place } from "./bs9.ts";

const quotaBytes = 1024 ** 3;
/** The last number of the flood: its lines have a little more than 2 GiB. */
const lines = 226_000_000;
const floodBytes = 2_148_888_898;
/** The share of the file system that the store leaves free (src/logs/store/tick.ts). */
const freeShare = 0.05;

const place = new Place();
afterAll(() => place.down());

const { bavail, bsize, blocks } = statfsSync(place.folder);
const roomBytes = (bavail - blocks * freeShare) * bsize;
const isRoom = roomBytes > 1.5 * floodBytes;
if (!isRoom) console.log(`skipped: a flood of 2 GiB needs 3 GiB of free disk, and there are ${Math.floor(roomBytes / 1024 ** 2)} MiB`);

const logs = join(place.env.BS9_HOME, "state/logs/flood");
const onDisk = (): number => readdirSync(logs).reduce((sum, file) => sum + statSync(join(logs, file)).blocks * 512, 0);

test.skipIf(!isRoom)(
  "5 s after a flood of 2 GiB no more than the quota is on disk, and the newest lines are kept",
  async () => {
    place.write("flood/flood.sh", `#!/bin/sh\nseq 1 ${lines}\necho done >&2\nexec sleep 1000\n`);
    chmodSync(join(place.folder, "flood/flood.sh"), 0o755);
    place.write("flood/quiet.sh", "#!/bin/sh\necho a quiet word\nexec sleep 1000\n");
    chmodSync(join(place.folder, "flood/quiet.sh"), 0o755);
    expect((await place.bs9("start", "flood/quiet.sh", "--name", "quiet", "--wait", "0")).code).toBe(0);
    expect((await place.bs9("start", "flood/flood.sh", "--wait", "0")).code).toBe(0);
    // Meanwhile the supervisor answers.
    await until(() => statSync(join(logs, "stdout.log")).size > quotaBytes / 4, { what: "the flood", timeoutMs: 60_000 });
    const began = performance.now();
    expect((await place.statusOf("quiet")).state).toBe("active");
    expect(performance.now() - began).toBeLessThan(20_000);

    await until(() => readFileSync(join(logs, "stderr.log"), "utf8") === "done\n", { what: "the end of the flood", timeoutMs: 100_000 });
    expect(statSync(join(logs, "stdout.log")).size).toBeGreaterThanOrEqual(floodBytes);
    await until(() => onDisk() <= quotaBytes, { what: "it is within the quota", timeoutMs: 5000 });
    // No more was deleted than necessary.
    expect(onDisk()).toBeGreaterThan(quotaBytes / 100);
    const last = await place.bs9("logs", "flood", "-n", "3", "--grep", "^[0-9]", "--json");
    const messages = last.stdout.split("\n").slice(0, -1);
    expect(messages.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual([2, 1, 0].map((n) => String(lines - n)));
    // A slow reader receives all lines.
    const slowly = Bun.spawn(["sh", "-c", '"$0" logs flood -n 200000 --grep "^[0-9]" | { sleep 1; wc -l; }', binary()], { env: place.env });
    expect(await new Response(slowly.stdout).text()).toBe("200000\n");
    expect((await place.bs9("logs", "quiet", "--json")).stdout).toContain("a quiet word");
    expect(await place.statusOf("flood")).toMatchObject({ state: "active", restarts: 0 });
  },
  300_000,
);
