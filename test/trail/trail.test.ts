// The trail on disk: chained, rotated and repaired, and the damage that verify names.
import { describe, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Witness } from "../../src/trail/journal.ts";
import { type Act, canonical, parseLine, sealed } from "../../src/trail/record.ts";
import { Trail } from "../../src/trail/trail.ts";

const who = {
  uid: 1000,
  user: "ops",
  loginUid: 1000,
  terminal: "/dev/pts/3",
  sshFromEnvironment: "192.0.2.7",
  pid: 7,
  origin: "cli" as const,
};
const act = (name: string): Act => ({
  act: "start",
  targets: [name],
  difference: [{ path: "port", after: 3000 }],
  result: { outcome: "ok", exitStatus: 0, message: null, failed: [] },
});

type Bench = { trail: Trail; folder: string; file: string; told: Witness[]; lines(): string[]; put(lines: string[]): void };

async function bench(count: number, options: { maxBytes?: number; keep?: number; deaf?: boolean } = {}): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "bs9-trail-"));
  const file = join(folder, "trail.jsonl");
  const told: Witness[] = [];
  const journal = { tell: async (witness: Witness) => void (options.deaf ? 0 : told.push(witness)), recall: async () => told };
  const { deaf: _, ...limits } = options;
  const trail = new Trail({ folder, who, now: () => 0, journal, ...limits });
  for (let i = 1; i <= count; i++) await trail.append(act(`s${i}`));
  return {
    trail,
    folder,
    file,
    told,
    lines: () => readFileSync(file, "utf8").split("\n").slice(0, -1),
    put: (lines) => writeFileSync(file, lines.map((line) => `${line}\n`).join("")),
  };
}

const places = async ({ trail }: Bench) => (await trail.verify()).breaks.map(({ file, line, seq }) => `${file}:${line} ${seq}`);

test("each record of the trail contains the hash of the one before it, and only this user can read the trail", async () => {
  const it = await bench(5);
  expect([...it.trail.records()].map(({ seq, targets }) => [seq, targets[0]])).toEqual([1, 2, 3, 4, 5].map((n) => [n, `s${n}`]));
  expect(statSync(it.file).mode & 0o777).toBe(0o600);
  expect(await it.trail.verify()).toMatchObject({
    intact: true,
    records: 5,
    witnessed: 5,
    unproved: ["root can rewrite both the trail and the journal"],
  });
});

test("a change of any byte of the trail is found", async () => {
  const it = await bench(4);
  const original = readFileSync(it.file);
  for (let at = 0; at < original.length; at++) {
    if (at % 3 !== 0 && at < original.length - 300) continue;
    const changed = Buffer.from(original);
    changed[at] = (changed[at] ?? 0) ^ 1;
    writeFileSync(it.file, changed);
    const line = original.subarray(0, at).filter((byte) => byte === 10).length + 1;
    const isNewline = original[at] === 10;
    const verdict = await it.trail.verify();
    // The last newline is not part of a record: without it the line only looks unfinished.
    if (!isNewline || at < original.length - 1)
      expect({ at, line: verdict.breaks[0]?.line, count: verdict.breaks.length > 0 }).toEqual({ at, line, count: true });
  }
});

describe("history --verify names the damaged line", () => {
  test.each<[string, (lines: string[]) => string[], string[]]>([
    ["a byte changed", (l) => l.map((line, i) => (i === 2 ? line.replace("s3", "sX") : line)), ["trail.jsonl:3 3"]],
    ["a space added", (l) => l.map((line, i) => (i === 2 ? line.replace(",", ", ") : line)), ["trail.jsonl:3 3"]],
    ["a line cut in the middle", (l) => l.filter((_, i) => i !== 2), ["trail.jsonl:3 4"]],
    ["three lines cut", (l) => l.filter((_, i) => i < 1 || i > 3), ["trail.jsonl:2 5"]],
    ["a line cut at the start", (l) => l.slice(1), ["trail.jsonl:1 2"]],
    ["a line cut at the end", (l) => l.slice(0, -1), ["trail.jsonl:6 6"]],
    ["all lines cut", () => [], ["trail.jsonl:1 1"]],
    ["garbage added", (l) => [...l.slice(0, 2), "garbage", ...l.slice(2)], ["trail.jsonl:3 3"]],
    ["an empty line added", (l) => [...l.slice(0, 2), "", ...l.slice(2)], ["trail.jsonl:3 3"]],
    ["a copied line added", (l) => [...l.slice(0, 4), l[1] ?? "", ...l.slice(4)], ["trail.jsonl:5 2"]],
    ["a copied line added at the end", (l) => [...l, l[1] ?? ""], ["trail.jsonl:7 2"]],
    ["two lines swapped", (l) => [l[0] ?? "", l[2] ?? "", l[1] ?? "", ...l.slice(3)], ["trail.jsonl:2 3", "trail.jsonl:4 4"]],
  ])("%s", async (_, damage, expected) => {
    const it = await bench(6);
    it.put(damage(it.lines()));
    expect(new Set(await places(it))).toEqual(new Set(expected));
  });

  test("a forged record between other records of the trail is found", async () => {
    const it = await bench(6);
    const lines = it.lines();
    const before = parseLine(lines[2] ?? "");
    const forged = sealed({ chain: before?.chain ?? "", seq: 4, at: "x", who, ...act("evil"), previous: before?.hash ?? "" }).line;
    it.put([...lines.slice(0, 3), forged, ...lines.slice(3)]);
    expect((await places(it))[0]).toBe("trail.jsonl:4 4");
  });

  test("a trail whose records were all rewritten with correct hashes is found only by comparing it with systemd's journal", async () => {
    const it = await bench(6);
    const lines = it.lines();
    let previous = parseLine(lines[1] ?? "")?.hash ?? "";
    const rewritten = [3, 4, 5, 6].map((seq) => {
      const next = sealed({ chain: parseLine(lines[0] ?? "")?.chain ?? "", seq, at: "x", who, ...act("evil"), previous });
      previous = next.hash;
      return next.line;
    });
    it.put([...lines.slice(0, 2), ...rewritten]);
    expect(await places(it)).toEqual([3, 4, 5, 6].map((n) => `trail.jsonl:${n} ${n}`));
    it.told.length = 0;
    const verdict = await it.trail.verify();
    expect(verdict.breaks).toEqual([]);
    expect(verdict.unproved[0]).toContain("that the whole chain was rewritten");
  });

  test("a record with correct hashes that was added at the end of the trail by hand is reported as not provable", async () => {
    const it = await bench(3);
    const last = parseLine(it.lines().at(-1) ?? "");
    appendFileSync(
      it.file,
      `${sealed({ chain: last?.chain ?? "", seq: 4, at: "x", who, ...act("evil"), previous: last?.hash ?? "" }).line}\n`,
    );
    expect((await it.trail.verify()).unproved[0]).toContain("record 4 (trail.jsonl:4)");
  });

  test("without systemd's journal, verify reports that it cannot prove whether the end of the trail was cut off", async () => {
    const it = await bench(3, { deaf: true });
    it.put(it.lines().slice(0, -1));
    expect(await it.trail.verify()).toMatchObject({
      intact: true,
      unproved: [expect.stringContaining("that the end was cut off"), expect.any(String)],
    });
  });

  test("a trail that was removed and started again is reported until the user accepts it", async () => {
    const it = await bench(3);
    rmSync(it.file);
    await it.trail.append(act("later"));
    const verdict = await it.trail.verify();
    expect(verdict).toMatchObject({ intact: false, witnessed: 1, removed: [it.told[0]?.chain ?? ""] });
    expect(verdict.breaks).toEqual([
      { file: "trail.jsonl", line: 1, seq: 1, what: "an earlier trail of 3 records was removed: the journal still has their hashes" },
    ]);
    await it.trail.append({ ...act("x"), act: "trail-accept", targets: [], difference: [{ path: "removed", after: verdict.removed }] });
    const after = await it.trail.verify();
    expect(after).toMatchObject({ intact: true, removed: [] });
    expect(after.unproved[0]).toBe(
      "an earlier trail of 3 records was removed, and record 2 accepts that: only the hashes of its records are left, in the journal",
    );
  });

  test("a part of another trail that was inserted into the trail is found", async () => {
    const [it, other] = [await bench(2), await bench(4)];
    it.put([...it.lines(), ...other.lines().slice(2)]);
    expect((await places(it))[0]).toBe("trail.jsonl:3 3");
  });

  test("a trail whose end was cut off before new records were added is found", async () => {
    const it = await bench(3);
    it.put(it.lines().slice(0, -1));
    await it.trail.append(act("later"));
    expect(await places(it)).toEqual(["trail.jsonl:3 3"]);
  });
});

describe("an incomplete last line", () => {
  test.each([1, 10, 200])("the next record repairs the trail after a last line of which only %d bytes were written", async (bytes) => {
    const it = await bench(2);
    appendFileSync(it.file, (it.lines()[1] ?? "").slice(0, bytes));
    const before = await it.trail.verify();
    expect(before).toMatchObject({ intact: true, records: 2 });
    expect(before.unproved[0]).toContain("trail.jsonl:3) is incomplete");
    await it.trail.append(act("after"));
    expect([...it.trail.records()].map((record) => record.act)).toEqual(["start", "start", "trail-mend", "start"]);
    expect(await places(it)).toEqual([]);
    it.put(it.lines().map((line, i) => (i === 2 ? `${line}x` : line)));
    expect(await places(it)).toEqual(["trail.jsonl:3 3"]);
  });

  test("the next record continues the trail after a last line that lacks only its newline", async () => {
    const it = await bench(2);
    writeFileSync(it.file, it.lines().join("\n"));
    await it.trail.append(act("after"));
    expect([...it.trail.records()].map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(await places(it)).toEqual([]);
  });
});

describe("rotation", () => {
  const rotated = () => bench(40, { maxBytes: 2000, keep: 3 });

  test("rotation keeps the trail consistent, and keeps the configured number of files", async () => {
    const it = await rotated();
    expect(readdirSync(it.folder).length).toBe(4);
    const records = [...it.trail.records()];
    expect(records[0]?.seq).toBeGreaterThan(1);
    expect(await places(it)).toEqual([]);
  });

  test("a missing file of the trail is found", async () => {
    const it = await rotated();
    const names = readdirSync(it.folder)
      .filter((name) => name !== "trail.jsonl")
      .sort((a, b) => Number(a.split(".")[1]) - Number(b.split(".")[1]));
    for (const name of [names[0], names[1], names[2]]) {
      const path = join(it.folder, name ?? "");
      const text = readFileSync(path);
      rmSync(path);
      expect(await places(it)).toHaveLength(1);
      writeFileSync(path, text);
    }
    const text = readFileSync(it.file);
    rmSync(it.file);
    // The missing file also contained the record of where the trail begins.
    expect(await places(it)).toHaveLength(2);
    writeFileSync(it.file, text);
    expect(await places(it)).toEqual([]);
  });

  test("a crash during rotation, right after the rename, loses no record of the trail", async () => {
    const it = await bench(3);
    const { renameSync } = await import("node:fs");
    renameSync(it.file, join(it.folder, "trail.3.jsonl"));
    await it.trail.append(act("next"));
    expect([...it.trail.records()].map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(await places(it)).toEqual([]);
  });
});

test("a record of the trail has exactly one form in JSON", () => {
  expect(canonical({ b: [1, undefined, { d: "é", c: null }], a: undefined })).toBe('{"b":[1,null,{"c":null,"d":"é"}]}');
});

test("writing the trail into a directory that accepts no file gives an error that names the directory", async () => {
  const trail = new Trail({ folder: "/proc/nowhere", who, now: () => 0, journal: { tell: async () => {}, recall: async () => [] } });
  await expect(trail.append(act("x"))).rejects.toThrow("/proc/nowhere/trail.jsonl");
});
