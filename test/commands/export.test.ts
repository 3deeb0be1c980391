// bs9 export as a command: its formats, its errors, and the file of --output.
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Outcome, run, tempDir } from "../harness.ts";
import { fill } from "../storage/filled.ts";
import { parseCsv } from "../storage/parsers.ts";
import { samplesOf } from "../storage/samples.ts";

const top = join(import.meta.dir, "../..");
const folder = tempDir();
const home = join(folder, "home");
const ticks = 120;

async function bs9(argv: string[], bs9Home = home): Promise<Outcome> {
  return await run([process.execPath, join(top, "src/main.ts"), ...argv], { env: { BS9_HOME: bs9Home, NO_COLOR: "1" } });
}

/** A copy of the home that a test may damage. */
function copy(): { other: string; path: string } {
  const other = tempDir();
  cpSync(home, other, { recursive: true });
  return { other, path: join(other, "config/metrics/metrics.db") };
}

beforeAll(async () => {
  // Samples of the last ten minutes; no test depends on the exact time.
  await fill(home, ticks, (n) => samplesOf(3, n));
  mkdirSync(join(home, "config/services"));
  for (const name of ["s1", "fresh"]) writeFileSync(join(home, "config/services", `${name}.json`), "{}");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const linesOf = (text: string) => text.split("\n").filter((line) => line !== "");

describe("stdout", () => {
  test.each([[[]], [["--json"]], [["--format", "json", "--hours", "1.5"]]])("export prints JSON with the options %j", async (argv) => {
    const { code, stdout, stderr } = await bs9(["export", ...argv]);
    expect([code, stderr]).toEqual([0, ""]);
    const rows = JSON.parse(stdout) as { service: string }[];
    expect(Object.entries(Object.groupBy(rows, ({ service }) => service)).map(([name, of]) => [name, of?.length])).toEqual([
      ["s1", ticks],
      ["s2", ticks],
      ["s3", ticks],
    ]);
  });

  test("export --format csv --service NAME prints CSV with the rows of that service only", async () => {
    const { code, stdout } = await bs9(["export", "--format", "csv", "--service", "s2"]);
    expect(code).toBe(0);
    expect(parseCsv(stdout).map(({ service }) => service)).toEqual(Array<string>(ticks).fill("s2"));
  });

  test("export contains figures of the machine only with --service bs9-host, and then no services", async () => {
    const { code, stdout, stderr } = await bs9(["export", "--format", "csv", "--service", "bs9-host"]);
    expect([code, stderr]).toEqual([0, ""]);
    const rows = parseCsv(stdout);
    expect(rows.map(({ service }) => service)).toEqual(Array<string>(ticks).fill("bs9-host"));
    expect(rows.every(({ state, load1, memoryTotalBytes }) => state === "" && Number(load1) > 0 && Number(memoryTotalBytes) > 0)).toBe(
      true,
    );
  });

  test("export --hours contains only samples from that time", async () => {
    const { stdout } = await bs9(["export", "--service", "s1", "--hours", String(5 / 60)]);
    const times = (JSON.parse(stdout) as { at: string }[]).map(({ at }) => Date.parse(at));
    expect(times.length).toBeGreaterThan(0);
    expect(times.length).toBeLessThanOrEqual(60);
    expect(Math.min(...times)).toBeGreaterThan(Date.now() - 6 * 60_000);
  });

  test("export -q prints only the names of services", async () =>
    expect(await bs9(["export", "-q"])).toEqual({ code: 0, stdout: "s1\ns2\ns3\n", stderr: "" }));
  test("export contains a deleted service while its samples are stored", async () =>
    expect((await bs9(["export", "--service", "s3"])).code).toBe(0));
});

describe("export without samples", () => {
  test.each([
    ["json", /^\[\]\n$/],
    ["csv", /^at,service,[^\n]*\r\n$/],
    ["openmetrics", /^# EOF\n$/],
  ])("export as %s succeeds without a database, and says that there are no samples", async (format, empty) => {
    const nowhere = join(folder, "nowhere");
    const { code, stdout, stderr } = await bs9(["export", "--format", format], nowhere);
    expect([code, stderr]).toEqual([
      0,
      "no samples yet: the agent takes samples while a service runs\nTry: bs9 start app.ts, or bs9 doctor\n",
    ]);
    expect(stdout).toMatch(empty);
  });

  test("export of a service that has never run succeeds and says that there are no samples", async () => {
    const { code, stdout, stderr } = await bs9(["export", "--service", "fresh"]);
    expect([code, stdout]).toEqual([0, "[]\n"]);
    expect(stderr).toContain("no samples of fresh yet");
  });

  test("export of a time without samples succeeds and says so", async () => {
    const { code, stdout, stderr } = await bs9(["export", "--hours", "0.0000001"]);
    expect([code, stdout]).toEqual([0, "[]\n"]);
    expect(stderr).toContain("no samples from the last 1e-7 h");
  });
});

test.each([
  [["--format", "xml"], 2, "--format must be one of json, csv, openmetrics, html (got 'xml')"],
  [["--json", "--format", "csv"], 2, "--json and --format csv contradict each other"],
  [["--json", "--format", "openmetrics"], 2, "--json and --format openmetrics contradict each other"],
  [["--hours", "0"], 2, "--hours must be a number above 0 and at most 1000, because older samples are not stored (got '0')"],
  [["--hours=-1"], 2, "(got '-1')"],
  [["--hours", "1e2"], 2, "(got '1e2')"],
  [["--hours", "1000.1"], 2, "at most 1000"],
  [["--hours", ""], 2, "(got '')"],
  [["web"], 2, "export takes options only"],
  [["--service", "s1", "--service", "s2"], 2, "--service is given more than once"],
  [["--service", "fres"], 4, "did you mean 'fresh'?"],
  [["--service", "s33"], 4, "did you mean 's3'?"],
  [["--output", folder], 1, "it is a directory"],
  [["--output", `${join(folder, "new")}/`], 1, "it is a directory"],
  [["--output", join(folder, "not/there.csv")], 1, `the directory ${join(folder, "not")} does not exist`],
  [["--output", "/dev/null"], 1, "it is not a regular file"],
  [["--output", "-"], 2, "--output needs a file"],
] as [string[], number, string][])("export with the arguments %j exits with %d and says why", async (argv, status, text) => {
  const { code, stdout, stderr } = await bs9(["export", ...argv]);
  expect([code, stdout]).toEqual([status, ""]);
  // With --json the error is JSON too.
  expect(stderr.replaceAll('\\"', '"')).toContain(text);
});

describe("--output", () => {
  const partials = (of: string) => readdirSync(of).filter((name) => name.endsWith(".part"));

  test("export --output writes the bytes of stdout into a file that only this user can read, and reports the file in one line", async () => {
    const file = join(folder, "whole.csv");
    const { code, stdout, stderr } = await bs9(["export", "--format", "csv", "--output", file]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(linesOf(stdout)).toEqual([expect.stringMatching(/^\/.*whole\.csv: 360 rows, \d+K, from 20\S+Z to 20\S+Z$/)]);
    expect(readFileSync(file, "utf8")).toBe((await bs9(["export", "--format", "csv"])).stdout);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(partials(folder)).toEqual([]);
  });

  test("export --output --json reports a file of any format as JSON", async () => {
    const file = join(folder, "told.om");
    const { stdout } = await bs9(["export", "--format", "openmetrics", "--hours", "2", "--output", file, "--json"]);
    const { from, to, ...rest } = JSON.parse(stdout) as Record<string, string>;
    expect(rest).toEqual({ file, format: "openmetrics", rows: 3 * ticks, bytes: statSync(file).size, services: 3 } as never);
    // `from` and `to` are the times of the first and the last sample, not the two hours that were requested.
    expect(Date.parse(to ?? "") - Date.parse(from ?? "")).toBe((ticks - 1) * 5000);
    expect(readFileSync(file, "utf8").endsWith("# EOF\n")).toBe(true);
  });

  test("export --output replaces the content of an existing file, and keeps its mode and a link to it", async () => {
    const [file, link] = [join(folder, "old.json"), join(folder, "link.json")];
    writeFileSync(file, "old");
    chmodSync(file, 0o644);
    symlinkSync(file, link);
    expect((await bs9(["export", "--output", link, "-q"])).stdout).toBe("s1\ns2\ns3\n");
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(JSON.parse(readFileSync(file, "utf8"))).toHaveLength(3 * ticks);
  });

  test("if export --output cannot read all samples, the old file stays, and no partial file is left", async () => {
    const { other, path } = copy();
    const db = new Database(path);
    // Damages every block but the first, so that export finds the damage on the way. The last block alone might be a rollup or a
    // block of the host, which this export does not read.
    for (const table of ["chunk", "tick"]) db.run(`UPDATE ${table} SET block = zeroblob(100) WHERE key > (SELECT min(key) FROM ${table})`);
    db.close();
    const out = tempDir();
    const file = join(out, "samples.json");
    writeFileSync(file, "old");
    const { code, stdout, stderr } = await bs9(["export", "--output", file], other);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`cannot read ${path}: it is damaged`);
    expect([readFileSync(file, "utf8"), readdirSync(out)]).toEqual(["old", ["samples.json"]]);
  });
});

describe("export exits with 1 if it cannot read the database", () => {
  test.each<[string, (path: string) => void, string]>([
    ["a file that is not a database", (path) => writeFileSync(path, "no database ".repeat(1000)), "it is damaged"],
    ["a database of a newer bs9", (path) => newer(path), "a newer bs9 has written it"],
    ["a directory", (path) => [rmSync(path), mkdirSync(path)], "cannot read"],
  ])("%s", async (_, harm, text) => {
    const { other, path } = copy();
    for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
    harm(path);
    const { code, stderr } = await bs9(["export"], other);
    expect([code, stderr]).toEqual([1, expect.stringContaining(text)]);
    expect(stderr).not.toContain("bug");
  });
});

function newer(path: string): void {
  const db = new Database(path);
  db.run("PRAGMA user_version = 99");
  db.close();
}
