// bs9 export with the built executable: large amounts, slow readers and Ctrl-C; and the availability in describe.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { closeSync, constants, mkdirSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Notice } from "../../src/backend/notice.ts";
import { readProc } from "../../src/base/proc.ts";
import type { Description } from "../../src/lifecycle/describe.ts";
import { binary, until } from "../harness.ts";
import { fill } from "../storage/filled.ts";
import { sample, samplesOf } from "../storage/samples.ts";
import { Place } from "../supervisor/bs9.ts";

const place = new Place();
const out = join(place.folder, "out");
const services = 120;
/** The number of samples that are kept unreduced. */
const ticks = 1000;

beforeAll(async () => {
  mkdirSync(out);
  await fill(place.env.BS9_HOME, ticks, (n) => samplesOf(services, n));
}, 300_000);
afterAll(() => place.down());

/**
 * The peak is VmHWM, because resourceUsage() of a child starts with the memory of its parent at the fork (exec_mmap() in the
 * kernel).
 */
async function exported(argv: string[]): Promise<{ bytes: number; rssBytes: number; code: number }> {
  const child = place.run(["export", ...argv]);
  let [bytes, rssBytes] = [0, Number.NaN];
  for await (const chunk of child.stdout) {
    bytes += chunk.length;
    rssBytes = figureOf(child.pid, "status", "VmHWM") * 1024 || rssBytes;
  }
  return { bytes, rssBytes, code: await child.exited };
}

/** NaN after the process has ended. */
function figureOf(pid: number, file: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(readProc(`${pid}/${file}`) ?? "")?.[1]);
}

const MiB = 1024 * 1024;

test.each(["json", "csv", "openmetrics"])(
  "export as %s does not use more memory for a longer range",
  async (format) => {
    // The first eighth of the range already warms up the process.
    const few = await exported(["--format", format, "--hours", String(ticks / 720 / 8)]);
    const all = await exported(["--format", format, "--hours", "2"]);
    expect([few.code, all.code]).toEqual([0, 0]);
    expect(all.bytes).toBeGreaterThan(10 * MiB);
    expect(all.bytes).toBeGreaterThan(6 * few.bytes);
    expect(all.rssBytes - few.rssBytes).toBeLessThan(30 * MiB);
  },
  300_000,
);

const sh = async (script: string) => {
  const child = Bun.spawn(["bash", "-c", `set -o pipefail; ${script}`, "bash", binary()], {
    cwd: place.folder,
    env: place.env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  const [stdout, stderr, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
  return { stdout, stderr, code };
};

test("export gives every line to a reader that starts late", async () => {
  const lines = services * ticks + 1;
  expect(await sh('"$1" export --format csv --hours 2 | { sleep 0.5; wc -l; }')).toEqual({ stdout: `${lines}\n`, stderr: "", code: 0 });
}, 240_000);

test("export waits for a slow reader", async () => {
  const { rssBytes } = await exported(["--hours", "2", "--service", "s1"]);
  // A pipe that the test holds open and does not read; Bun.spawn() would read its own pipe.
  const pipe = join(place.folder, "pipe");
  Bun.spawnSync(["mkfifo", pipe]);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const child = Bun.spawn(["sh", "-c", 'exec "$1" export --hours 2 > "$2"', "sh", binary(), pipe], {
    env: place.env,
    stdio: ["ignore", "ignore", "pipe"],
    timeout: 60_000,
  });
  let written = 0;
  const standsStill = async () => {
    const before = written;
    await Bun.sleep(500);
    written = figureOf(child.pid, "io", "wchar");
    return written > 0 && written === before;
  };
  await until(standsStill, { what: "it waits", timeoutMs: 20_000 });
  expect(written).toBeLessThan(2 * MiB);
  expect(figureOf(child.pid, "status", "VmHWM") * 1024 - rssBytes).toBeLessThan(20 * MiB);
  closeSync(reader);
  expect([await child.exited, await new Response(child.stderr).text()]).toEqual([0, ""]);
}, 240_000);

test("export ends without an error when its reader closes the pipe early", async () => {
  const { stdout, stderr } = await sh('"$1" export --hours 2 | head -n 1');
  expect([stdout, stderr]).toEqual(["[\n", ""]);
}, 240_000);

test("export reports a full disk", async () => {
  const { stderr, code } = await sh('"$1" export --hours 2 > /dev/full');
  expect([code, stderr]).toEqual([1, "error: cannot write to stdout: the disk is full\n"]);
}, 240_000);

test("Ctrl-C during export --output keeps the old file, and leaves no other file beside it", async () => {
  const file = join(out, "samples.om");
  writeFileSync(file, "old");
  const child = place.run(["export", "--format", "openmetrics", "--hours", "2", "--output", file]);
  const partial = () => readdirSync(out).find((name) => name.endsWith(".part"));
  await until(() => statSync(join(out, partial() ?? "none")).size > 0, { what: "it writes" });
  child.kill("SIGINT");
  const [code, stderr] = [await child.exited, await new Response(child.stderr).text()];
  expect([code, stderr]).toEqual([130, "interrupted\n"]);
  expect([readFileSync(file, "utf8"), readdirSync(out)]).toEqual(["old", ["samples.om"]]);
}, 240_000);

test("Ctrl-C also ends an export to stdout", async () => {
  const child = place.run(["export", "--format", "openmetrics", "--hours", "2"]);
  const reader = child.stdout.getReader();
  await reader.read();
  child.kill("SIGINT");
  while (!(await reader.read()).done);
  expect([await child.exited, await new Response(child.stderr).text()]).toEqual([130, "interrupted\n"]);
}, 240_000);

test("describe shows the availability, and works without it if the database is unreadable", async () => {
  const other = new Place();
  try {
    other.write("web/web.sh", "#!/bin/sh\nexec sleep 4246\n");
    Bun.spawnSync(["chmod", "+x", join(other.folder, "web/web.sh")]);
    const describe = async () => {
      const told = JSON.parse((await other.bs9("describe", "web", "--json")).stdout) as Record<string, unknown>;
      const { notices } = told["status"] as { notices: Notice[] };
      return { availability: told["availability"], text: (await other.bs9("describe", "web")).stdout, notices };
    };
    // Ten minutes, with 20 s of downtime.
    const path = await fill(other.env.BS9_HOME, 120, (n) => {
      const isDown = n >= 60 && n < 64;
      return [sample("web", n, { state: isDown ? "failed" : "active", restarts: n < 64 ? 0 : 1 })];
    });
    expect((await other.bs9("start", "web/web.sh", "--name", "web", "--wait", "0")).code).toBe(0);
    const { availability, text } = await describe();
    expect(availability).toMatchObject({ day: { recoveries: 1, meanRecoveryMs: 20_000, downMs: 20_000 } });
    expect(text).toMatch(/^ {2}availability {2,}since 1\dm ago: 9\d\.\d+% up, down once, back in 20\.0 s/m);
    const db = new Database(path);
    db.run("PRAGMA user_version = 99");
    db.close();
    const after = await describe();
    expect(after.availability).toBeNull();
    expect(after.text).toContain("pid");
    expect(after.text).not.toContain("  availability");
    expect(after.notices).toContainEqual({
      kind: "history",
      subject: "web",
      what: expect.stringContaining("its history is not known: cannot open"),
      fix: expect.anything(),
    });
  } finally {
    await other.down();
  }
}, 240_000);

test("describe does not show the availability if no history is stored", async () => {
  const other = new Place();
  try {
    other.write("web/web.sh", "#!/bin/sh\nexec sleep 4247\n");
    Bun.spawnSync(["chmod", "+x", join(other.folder, "web/web.sh")]);
    await other.bs9("start", "web/web.sh", "--name", "web", "--wait", "0");
    const { stdout } = await other.bs9("describe", "web");
    const { availability } = JSON.parse((await other.bs9("describe", "web", "--json")).stdout) as Description;
    // The agent may have stored the first change by now, but nothing is known about the time before.
    expect(availability === null || availability.day.uptimeRatio === null).toBe(true);
    if (availability === null) expect(stdout).not.toContain("availability");
  } finally {
    await other.down();
  }
}, 240_000);
