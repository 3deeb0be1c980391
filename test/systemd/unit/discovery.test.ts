// Changes of units by others, found from the files alone; and an edit turned into a drop-in.
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { sandboxEdition } from "../../../src/backend/sandbox.ts";
import { foreignChanges, judgedOnce, judgeUnitText } from "../../../src/systemd/unit/discovery.ts";
import { editionLine, isAsWritten, seal } from "../../../src/systemd/unit/seal.ts";
import { dropInOf } from "../../../src/systemd/unit/take-over.ts";

const mark = "/home/ops/.config/bs9";
const ours = seal(
  `[Unit]\nDescription=web\n\n[X-BS9]\nOwner="${mark}"\n\n[Service]\nTasksMax=512\nEnvironment="A=$&"\nBindPaths=/a\nBindPaths=/b\nRestart=always\n\n[Install]\nWantedBy=default.target\n`,
);

test("a change of any byte of a unit breaks its digest", () => {
  expect(isAsWritten(ours)).toBe(true);
  for (let at = 0; at < ours.length; at++)
    expect({ at, whole: isAsWritten(`${ours.slice(0, at)}~${ours.slice(at + 1)}`) }).toEqual({ at, whole: false });
  expect(isAsWritten(`${ours}\n`)).toBe(false);
  expect(isAsWritten("")).toBe(false);
});

const withSandbox = (line: string) =>
  seal(ours.replace(/Digest=.*\n/, "").replace("TasksMax=512", `SystemCallFilter=@system-service\n${line}`));

test.each([
  [null, "missing"],
  [ours, "ours"],
  [withSandbox(""), "older"],
  [withSandbox(editionLine(sandboxEdition - 1)), "older"],
  [withSandbox(editionLine(sandboxEdition)), "ours"],
  // bs9 was downgraded.
  [withSandbox(editionLine(sandboxEdition + 1)), "ours"],
  [ours.replace("512", "77"), "edited"],
  [ours.replace(/Digest=.*\n/, ""), "edited"],
  [ours.replace(`Owner="${mark}"`, 'Owner="/elsewhere"'), "other"],
  ["", "other"],
] as const)("the judgement of unit text %#", (text, verdict) => expect(judgeUnitText(text, mark)).toBe(verdict));

test("one pass over the directory of units finds every edited, removed and added unit, and every drop-in", () => {
  const root = mkdtempSync(join(tmpdir(), "bs9-units-"));
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  put("user/web.service", ours);
  put("user/api.service", ours.replace("512", "513"));
  put("user/old.service", ours);
  put("user/foreign.service", "[Service]\nExecStart=/bin/true\n");
  put("user/Not A Name.service", ours);
  put("user/web.service.d/local.conf", "[Service]\n");
  put("user.control/web.service.d/50-MemoryMax.conf", "[Service]\n");
  put("user/empty.service.d/README", "");
  put("user/bs9-agent.service", ours);
  const folders = { units: join(root, "user"), runtimeDir: join(root, "run") };
  expect(foreignChanges(["api", "gone", "web"], folders, mark)).toEqual([
    { name: "api", kind: "edited", files: [join(root, "user/api.service")] },
    { name: "gone", kind: "missing", files: [join(root, "user/gone.service")] },
    {
      name: "web",
      kind: "drop-ins",
      files: [join(root, "user/web.service.d/local.conf"), join(root, "user.control/web.service.d/50-MemoryMax.conf")],
    },
    { name: "old", kind: "added", files: [join(root, "user/old.service")] },
  ]);
  expect(foreignChanges([], { units: join(root, "nowhere"), runtimeDir: root }, mark)).toEqual([]);
});

test("the unit that delays restarts counts as part of its service when it is missing, edited, or has a drop-in", () => {
  const root = mkdtempSync(join(tmpdir(), "bs9-units-"));
  const folders = { units: root, runtimeDir: join(root, "run") };
  const delay = join(root, "bs9-delay@web.service");
  writeFileSync(
    join(root, "web.service"),
    seal(ours.replace(/Digest=.*\n/, "").replace("[X-BS9]", "Wants=bs9-delay@web.service\n\n[X-BS9]")),
  );
  const found = () => foreignChanges(["web"], folders, mark);
  expect(found()).toEqual([{ name: "web", kind: "missing", files: [delay] }]);
  writeFileSync(delay, ours);
  expect(found()).toEqual([]);
  writeFileSync(delay, ours.replace("512", "513"));
  expect(found()).toEqual([{ name: "web", kind: "edited", files: [delay] }]);
  writeFileSync(delay, ours);
  mkdirSync(`${delay}.d`);
  writeFileSync(join(`${delay}.d`, "local.conf"), "[Service]\n");
  expect(found()).toEqual([{ name: "web", kind: "drop-ins", files: [join(`${delay}.d`, "local.conf")] }]);
  rmSync(root, { recursive: true });
});

test("repeated checks notice a change in place with the same length and the same timestamps", () => {
  const folder = mkdtempSync(join(tmpdir(), "bs9-units-"));
  const file = join(folder, "web.service");
  writeFileSync(file, ours);
  const { atime, mtime } = statSync(file);
  const judgeUnitText = judgedOnce(mark);
  const judged = (path: string) => judgeUnitText(path).judgement;
  expect([judged(file), judged(file)]).toEqual(["ours", "ours"]);
  writeFileSync(file, ours.replace("512", "513"));
  utimesSync(file, atime, mtime);
  expect(judged(file)).toBe("edited");
  rmSync(file);
  expect(judged(file)).toBe("missing");
});

test.each<[string, (text: string) => string, string | null]>([
  ["nothing", (t) => t, null],
  ["comments and spaces", (t) => `# hello\n${t.replace("TasksMax=512", "TasksMax = 512")}`, null],
  ["a value", (t) => t.replace("512", "77"), "[Service]\nTasksMax=\nTasksMax=77\n"],
  [
    "an added list element",
    (t) => t.replace("BindPaths=/b", "BindPaths=/b\nBindPaths=/c"),
    "[Service]\nBindPaths=\nBindPaths=/a\nBindPaths=/b\nBindPaths=/c\n",
  ],
  ["a removed setting", (t) => t.replace("Restart=always\n", ""), "[Service]\nRestart=\n"],
  ["an added setting", (t) => t.replace("[Install]", "Nice=5\n[Install]"), "[Service]\nNice=5\n"],
  [
    "two sections",
    (t) => t.replace("=web", "=w").replace("512", "1"),
    "[Unit]\nDescription=\nDescription=w\n[Service]\nTasksMax=\nTasksMax=1\n",
  ],
  ["settings that a drop-in cannot change", (t) => t.replace("default.target", "x.target").replace("Owner=", "Other="), null],
])("the edit of a unit is converted to the right drop-in: %s", (_, edit, lines) => {
  const text = dropInOf(ours, edit(ours));
  expect(text === null ? null : text.split("\n").slice(1).join("\n")).toBe(lines);
});
