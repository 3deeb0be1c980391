// Reads the export format of journald: entries in pieces of any size, and the record for each.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LogRecord } from "../../../src/backend/backend.ts";
import { recordReader } from "../../../src/systemd/journal/entry.ts";
import { ExportReader, maxValueBytes } from "../../../src/systemd/journal/export.ts";
import { readJournal } from "../../../src/systemd/journal/journal.ts";
import { tempDir } from "../../harness.ts";

type Value = string | Uint8Array;

/** Writes a field as journalctl does: with its length where the value has control characters or is not UTF-8. */
function exported(fields: [string, Value][]): Buffer {
  const parts = fields.map(([name, value]) => {
    const bytes = Buffer.from(value as string);
    if (typeof value === "string" && ![...value].some((c) => c < " " && c !== "\t"))
      return Buffer.concat([Buffer.from(`${name}=`), bytes, Buffer.from("\n")]);
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(bytes.length));
    return Buffer.concat([Buffer.from(`${name}\n`), size, bytes, Buffer.from("\n")]);
  });
  return Buffer.concat([...parts, Buffer.from("\n")]);
}

function readAll(bytes: Uint8Array, pieceBytes: number): Record<string, string>[] {
  const reader = new ExportReader();
  const entries: Record<string, string>[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes)
    for (const fields of reader.push(bytes.subarray(at, at + pieceBytes))) entries.push(Object.fromEntries(fields));
  return entries;
}

const nasty: [string, Value][][] = [
  [
    ["A", "1"],
    ["MESSAGE", "plain"],
  ],
  [
    ["MESSAGE", ""],
    ["A", "="],
  ],
  [
    ["MESSAGE", "a=b\nMESSAGE=forged\n\n__CURSOR=x"],
    ["A", "2"],
  ],
  [["MESSAGE", "\x1b[31mred\x1b[0m\x00"]],
  [
    ["MESSAGE", "first"],
    ["MESSAGE", "second"],
  ],
  [
    ["MESSAGE", "\n"],
    ["B", "\n\n"],
  ],
];

test.each([1, 2, 3, 7, 64, 1_000_000])("journal entries that arrive in pieces of %d bytes are read correctly", (pieceBytes) => {
  const bytes = Buffer.concat(nasty.map(exported));
  expect(readAll(bytes, pieceBytes)).toEqual(
    nasty.map((fields) => Object.fromEntries(fields.toReversed().map(([name, value]) => [name, String(value)]))),
  );
});

test("bytes that are not UTF-8 are shown as replacement characters", () => {
  expect(readAll(exported([["MESSAGE", new Uint8Array([0x62, 0xff, 0xfe])]]), 5)).toEqual([{ MESSAGE: "b\ufffd\ufffd" }]);
});

test.each([
  ["written as text", "x".repeat(5 * maxValueBytes)],
  ["written with its length", `\n${"x".repeat(5 * maxValueBytes)}`],
])("a value %s that never ends is cut, and the next journal entry is complete", (_, value) => {
  const bytes = Buffer.concat([
    exported([
      ["MESSAGE", value],
      ["A", "1"],
    ]),
    exported([["MESSAGE", "next"]]),
  ]);
  const [long, next] = readAll(bytes, 65_536);
  expect(long?.["MESSAGE"]?.length).toBeLessThan(maxValueBytes + 65_536);
  expect(value.startsWith(long?.["MESSAGE"] ?? "-")).toBe(true);
  expect(long?.["A"]).toBe("1");
  expect(next).toEqual({ MESSAGE: "next" });
});

test("an incomplete journal entry at the end is left out", () => {
  expect(readAll(exported([["A", "1"]]).subarray(0, -1), 100)).toEqual([]);
});

const at = { __REALTIME_TIMESTAMP: "1795526009833999", _UID: "1001" };
const app = { ...at, _TRANSPORT: "stdout", PRIORITY: "6", _SYSTEMD_USER_UNIT: "web.service" };
const system = {
  ...at,
  _TRANSPORT: "journal",
  SYSLOG_IDENTIFIER: "systemd",
  _SYSTEMD_USER_UNIT: "init.scope",
  USER_UNIT: "web.service",
  PRIORITY: "5",
};
const exit = { ...system, MESSAGE_ID: "98e322203f7a4ed290d09fe03c09fe15", MESSAGE: "web.service: Main process exited, code=…" };
const line = (rest: Partial<LogRecord>): LogRecord => ({
  atMs: 1795526009833,
  service: "web",
  stream: "stdout",
  priority: null,
  message: "",
  ...rest,
});
const said = (message: string, priority = 3): LogRecord => line({ stream: "bs9", priority, message });

test.each<[string, Record<string, string>, LogRecord | null]>([
  ["stdout", { ...app, SYSLOG_IDENTIFIER: "web.service", MESSAGE: "a" }, line({ message: "a" })],
  ["stderr", { ...app, SYSLOG_IDENTIFIER: "web.service(stderr)", MESSAGE: "a" }, line({ stream: "stderr", message: "a" })],
  [
    "a child that was gone",
    { ...at, _TRANSPORT: "stdout", SYSLOG_IDENTIFIER: "web.service(stderr)", MESSAGE: "a" },
    line({ stream: "stderr", message: "a" }),
  ],
  ["a prefix", { ...app, SYSLOG_IDENTIFIER: "web.service", PRIORITY: "3", MESSAGE: "a" }, line({ priority: 3, message: "a" })],
  [
    "syslog(3)",
    { ...app, _TRANSPORT: "syslog", SYSLOG_IDENTIFIER: "app", MESSAGE: "a" },
    line({ stream: null, priority: 6, message: "a" }),
  ],
  ["an empty line", { ...app, SYSLOG_IDENTIFIER: "web.service" }, line({})],
  ["a similar identifier", { ...at, SYSLOG_IDENTIFIER: "web.service(stderr)x", MESSAGE: "a" }, null],
  ["another service", { ...app, _SYSTEMD_USER_UNIT: "api.service", SYSLOG_IDENTIFIER: "api.service" }, null],
  ["an invalid time", { ...app, __REALTIME_TIMESTAMP: "soon", SYSLOG_IDENTIFIER: "web.service" }, null],
  ["a hostile priority", { ...app, PRIORITY: "99", SYSLOG_IDENTIFIER: "web.service" }, null],
  ["Started", { ...system, MESSAGE: "Started web.service - web (bs9)." }, null],
  [
    "Failed with result",
    { ...system, MESSAGE_ID: "d9b373ed55a64feb8242e02dbe79a49c", MESSAGE: "web.service: Failed with result 'exit-code'." },
    null,
  ],
  [
    "exit 1",
    { ...exit, EXIT_CODE: "exited", EXIT_STATUS: "1", MESSAGE: "web.service: Main process exited, code=exited, status=1/FAILURE" },
    said("exited with 1"),
  ],
  [
    "a service that is given up",
    { ...exit, EXIT_CODE: "exited", EXIT_STATUS: "198", MESSAGE: "web.service: Main process exited, code=exited, status=198/n/a" },
    said("given up: it ended too often"),
  ],
  [
    "exit 0",
    { ...exit, EXIT_CODE: "exited", EXIT_STATUS: "0", MESSAGE: "web.service: Main process exited, code=exited, status=0/SUCCESS" },
    said("exited with 0", 6),
  ],
  ["SIGKILL", { ...exit, EXIT_CODE: "killed", EXIT_STATUS: "9" }, said("killed by SIGKILL")],
  ["a core dump", { ...exit, EXIT_CODE: "dumped", EXIT_STATUS: "11" }, said("killed by SIGSEGV, core dumped")],
  ["a signal in words", { ...exit, EXIT_CODE: "killed", EXIT_STATUS: "KILL" }, said("killed by SIGKILL")],
  ["a realtime signal", { ...exit, EXIT_CODE: "killed", EXIT_STATUS: "50" }, said("killed by signal 50")],
  [
    "a stop within a step of a drop-in",
    { ...exit, EXIT_CODE: "killed", EXIT_STATUS: "15", MESSAGE: "web.service: Control process exited, code=killed, status=15/TERM" },
    null,
  ],
  [
    "a step of a drop-in that failed",
    {
      ...exit,
      COMMAND: "ExecStartPre",
      EXIT_CODE: "exited",
      EXIT_STATUS: "2",
      MESSAGE: "web.service: Control process exited, code=exited, status=2",
    },
    said("ExecStartPre exited with 2"),
  ],
  [
    "out of memory",
    {
      ...system,
      MESSAGE_ID: "fe6faa94e7774663a0da52717891d8ef",
      MESSAGE: "web.service: A process of this unit has been killed by the OOM killer.",
    },
    said("killed: out of memory"),
  ],
  [
    "start limit",
    { ...system, PRIORITY: "4", MESSAGE: "web.service: Start request repeated too quickly." },
    said("given up: it ended too often"),
  ],
  [
    "no program",
    {
      ...system,
      SYSLOG_IDENTIFIER: "(such)",
      _SYSTEMD_USER_UNIT: "web.service",
      MESSAGE_ID: "641257651c1b4ec9a8624d7a40a9e1e7",
      MESSAGE: "web.service: Failed at step EXEC spawning /no: No such file or directory",
    },
    said("cannot be run: /no: No such file or directory (at step EXEC)"),
  ],
  [
    "an app that plays systemd",
    {
      ...app,
      _TRANSPORT: "journal",
      SYSLOG_IDENTIFIER: "app",
      USER_UNIT: "web.service",
      MESSAGE_ID: "fe6faa94e7774663a0da52717891d8ef",
      MESSAGE: "x",
    },
    line({ stream: null, priority: 6, message: "x" }),
  ],
])("a journal entry becomes the right log record: %s", (_, fields, record) =>
  expect(recordReader(["web"])(new Map(Object.entries(fields)))).toEqual(record),
);

test("long lines are cut while they are read, after they were searched whole", async () => {
  const folder = tempDir();
  const long = `${"x".repeat(200_000)} end`;
  const entry = exported([
    ["__CURSOR", "c"],
    ["__REALTIME_TIMESTAMP", "1000"],
    ["MESSAGE", long],
    ["_SYSTEMD_USER_UNIT", "web.service"],
    ["_TRANSPORT", "stdout"],
  ]);
  writeFileSync(join(folder, "entries"), entry);
  writeFileSync(join(folder, "journalctl"), `#!/bin/sh\nexec cat ${folder}/entries\n`, { mode: 0o755 });
  const range = { services: ["web"], sinceMs: null, untilMs: null, follow: false };
  for (const lines of [10, null]) {
    const accept = ({ message }: { message: string }) => message.endsWith(" end");
    const query = { ...range, lines, accept, maxMessageLength: 1000 };
    const found = await Array.fromAsync(
      readJournal(query, { uid: 1, env: { PATH: `${folder}:/usr/bin:/bin` } }, new AbortController().signal),
    );
    expect(found.map(({ message }) => message.length)).toEqual([1000]);
  }
});
