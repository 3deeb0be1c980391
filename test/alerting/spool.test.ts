// The spool on disk: limits, order, one sender at a time, damage, and kill -9 at many moments.
import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { spoolLimits } from "../../src/alerting/spool/retention.ts";
import { AlertSpool, maxRefusals } from "../../src/alerting/spool/spool.ts";
import { killWhileDelivering } from "./killed.ts";
import { eventNamed, messageNamed } from "./messages.ts";
import { lease, takenBy } from "./taken.ts";

const open: AlertSpool[] = [];
afterEach(() => {
  for (const spool of open.splice(0)) spool.close();
});

const placed = () => join(mkdtempSync(join(tmpdir(), "bs9-spool-")), "alerts", "spool.db");

function spoolAt(file: string, clock = { nowMs: 1000 }, limits = spoolLimits): AlertSpool {
  const spool = new AlertSpool(file, () => clock.nowMs, limits);
  open.push(spool);
  return spool;
}

test("each channel gets each message once and in order, and a message that all have taken is removed", () => {
  const file = placed();
  const spool = spoolAt(file);
  for (const id of ["a", "b", "c"]) expect(spool.put(messageNamed(id), ["x", "y"])).not.toBeNull();
  expect(takenBy(spool, "x")).toEqual(["a", "b", "c"]);
  expect(spool.waiting()).toBe(3);
  expect(takenBy(spool, "y")).toEqual(["a", "b", "c"]);
  expect(spool.waiting()).toBe(0);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(`${file}-wal`).mode & 0o777).toBe(0o600);
});

test("an event is told once, whichever process puts it, and in whichever message", () => {
  const file = placed();
  const [agent, unit] = [spoolAt(file), spoolAt(file)];
  const [one, two] = [eventNamed("one"), eventNamed("two")];
  expect(unit.put(messageNamed("u1", [one]), ["x"])).toEqual([one]);
  expect(agent.put(messageNamed("a1", [one]), ["x"])).toBeNull();
  expect(agent.put(messageNamed("a2", [one, two]), ["x"])).toEqual([two]);
  expect(agent.put(messageNamed("a3", [{ ...one, kind: "resolved" }]), ["x"])).not.toBeNull();
  expect(agent.put(messageNamed("a3", [eventNamed("three")]), ["x"])).toBeNull();
  const claimed = agent.claim("x", lease);
  expect(claimed?.message.id).toBe("u1");
  agent.sent("x", "u1");
  expect(agent.claim("x", lease)?.message.events).toEqual([two]);
});

test("while a channel does not answer, its messages wait in order; a refused message does not keep the next one back", () => {
  const clock = { nowMs: 1000 };
  const spool = spoolAt(placed(), clock);
  for (const id of ["a", "b"]) spool.put(messageNamed(id), ["x"]);
  expect(spool.claim("x", lease)?.message.id).toBe("a");
  spool.notSent("x", "a", { delayMs: 500, isRefused: false });
  expect(spool.claim("x", lease)).toBeNull();
  expect(spool.dueInMs("x")).toBe(500);
  clock.nowMs += 500;
  expect(spool.claim("x", lease)).toMatchObject({ message: { id: "a" }, attempts: 1 });
  spool.notSent("x", "a", { delayMs: 500, isRefused: true });
  expect(takenBy(spool, "x")).toEqual(["b"]);
  clock.nowMs += 500;
  expect(takenBy(spool, "x")).toEqual(["a"]);
});

test("a refused message is tried after the others, and is dropped and counted for its channel after some refusals", () => {
  const clock = { nowMs: 1000 };
  const spool = spoolAt(placed(), clock);
  for (const id of ["a", "b", "c"]) spool.put(messageNamed(id), ["x", "y"]);
  expect(spool.claim("x", lease)?.message.id).toBe("a");
  spool.notSent("x", "a", { delayMs: 0, isRefused: true });
  expect(spool.claim("x", lease)?.message.id).toBe("b");
  spool.notSent("x", "b", { delayMs: 0, isRefused: false });
  expect(takenBy(spool, "x").slice(0, 2)).toEqual(["b", "c"]);
  spool.put(messageNamed("d"), ["x"]);
  expect(spool.claim("x", lease)?.message.id).toBe("d");
  for (let n = 0; n < maxRefusals; n++) spool.notSent("x", "d", { delayMs: 0, isRefused: true });
  expect(spool.claim("x", lease)).toBeNull();
  expect(spool.backlogs()).toMatchObject([
    { channel: "x", waiting: 0, dropped: 1 },
    { channel: "y", waiting: 3, dropped: 0 },
  ]);
  expect(takenBy(spool, "y")).toEqual(["a", "b", "c"]);
});

test("a clock that was set back delays nothing", () => {
  const clock = { nowMs: 1_000_000_000 };
  const spool = spoolAt(placed(), clock);
  spool.put(messageNamed("a"), ["x"]);
  spool.claim("x", lease);
  spool.notSent("x", "a", { delayMs: 30_000, isRefused: false });
  clock.nowMs -= 86_400_000;
  expect(takenBy(spool, "x")).toEqual(["a"]);
});

test("only one process sends a message at a time, and the claim of a process that has ended counts no longer", async () => {
  const file = placed();
  const script = `
    const { AlertSpool } = await import(${JSON.stringify(join(import.meta.dir, "../../src/alerting/spool/spool.ts"))});
    const spool = new AlertSpool(${JSON.stringify(file)});
    console.log(spool.claim("x", { leaseMs: 60_000, longestMs: 60_000 })?.message.id ?? "none");
    setInterval(() => {}, 1000);`;
  const own = new AlertSpool(file);
  open.push(own);
  own.put(messageNamed("a"), ["x"]);
  const other = Bun.spawn([process.execPath, "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 20_000,
    killSignal: "SIGKILL",
  });
  try {
    const { value } = await other.stdout.getReader().read();
    expect(Buffer.from(value ?? []).toString()).toBe("a\n");
    expect(own.claim("x", { ...lease, leaseMs: 60_000 })).toBeNull();
  } finally {
    other.kill("SIGKILL");
    await other.exited;
  }
  const next = new AlertSpool(file);
  open.push(next);
  expect(next.claim("x", lease)?.message.id).toBe("a");
});

test("beyond its limits in number, bytes and age the spool drops the oldest messages and counts them", () => {
  const clock = { nowMs: 1000 };
  const spool = spoolAt(placed(), clock, { messages: 3, bytes: 100_000, ageMs: 10_000 });
  for (let n = 0; n < 5; n++) spool.put(messageNamed(`m${n}`), ["x", "y"]);
  expect(spool.backlogs()).toMatchObject([
    { channel: "x", waiting: 3, dropped: 2, droppedMs: 1000 },
    { channel: "y", waiting: 3, dropped: 2 },
  ]);
  expect(takenBy(spool, "x")).toEqual(["m2", "m3", "m4"]);
  clock.nowMs += 10_001;
  expect(spool.claim("y", lease)).toBeNull();
  expect(spool.backlogs()).toMatchObject([
    { channel: "x", dropped: 2 },
    { channel: "y", waiting: 0, dropped: 5 },
  ]);
  const large = eventNamed("large", { sentence: "x".repeat(2000) });
  const many = (id: string) =>
    messageNamed(
      id,
      Array.from({ length: 30 }, (_, i) => ({ ...large, id: `${id}-${i}` })),
    );
  for (const id of ["l1", "l2", "l3"]) spool.put(many(id), ["x"]);
  expect(takenBy(spool, "x")).toEqual(["l3"]);
});

test("the sums that the spool keeps match its rows", () => {
  const file = placed();
  const spool = spoolAt(file);
  for (let n = 0; n < 20; n++) spool.put(messageNamed(`m${n}`), ["x", "y"]);
  const db = new Database(file);
  const totals = () => db.query("SELECT what, count FROM total ORDER BY what").all();
  const summed = () =>
    db
      .query(
        "SELECT 'bytes' AS what, SUM(LENGTH(CAST(body AS BLOB))) AS count FROM message UNION ALL SELECT 'messages', COUNT(*) FROM message UNION ALL SELECT 'told', COUNT(*) FROM told",
      )
      .all();
  expect(totals()).toEqual(summed());
  takenBy(spool, "x");
  expect(spool.waiting()).toBe(20);
  for (let n = 0; n < 5; n++) spool.sent("y", `m${n}`);
  expect(spool.waiting()).toBe(15);
  expect(totals()).toEqual(summed());
  db.close();
});

test("a spool of an earlier version keeps its messages, and counts them", () => {
  const file = placed();
  mkdirSync(dirname(file));
  const db = new Database(file);
  db.run(`CREATE TABLE message (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at_ms REAL NOT NULL, body TEXT NOT NULL);
    CREATE TABLE queue (channel TEXT NOT NULL, seq INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, next_ms REAL NOT NULL DEFAULT 0,
      refused INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (channel, seq)) WITHOUT ROWID;
    CREATE TABLE dropped (channel TEXT PRIMARY KEY, count INTEGER NOT NULL, at_ms REAL NOT NULL) WITHOUT ROWID;`);
  db.query("INSERT INTO message (id, at_ms, body) VALUES ('a', 1000, ?)").run(JSON.stringify(messageNamed("a")));
  db.run("INSERT INTO queue (channel, seq) VALUES ('webhook-a', 1)");
  db.close();
  const spool = spoolAt(file, { nowMs: 1000 }, { messages: 1, bytes: 100_000, ageMs: 10_000 });
  expect(spool.use([{ address: "webhook-a", name: "to a" }])).toEqual(["webhook-a"]);
  expect(spool.waiting()).toBe(1);
  spool.put(messageNamed("b"), ["webhook-a"]);
  expect(takenBy(spool, "webhook-a")).toEqual(["b"]);
});

test("a message that this version cannot read is dropped and counted, and keeps back no other", () => {
  const file = placed();
  const spool = spoolAt(file);
  spool.put(messageNamed("a"), ["x"]);
  const db = new Database(file);
  db.run("UPDATE message SET body = '{\"version\": 2}'");
  db.close();
  spool.put(messageNamed("b"), ["x"]);
  expect(spool.claim("x", lease)).toBeNull();
  expect(takenBy(spool, "x")).toEqual(["b"]);
  expect(spool.backlogs()).toMatchObject([{ channel: "x", waiting: 0, dropped: 1 }]);
});

test("a damaged spool is set aside and told", () => {
  const file = placed();
  spoolAt(file).close();
  open.pop();
  writeFileSync(file, "this is not a database, and longer than the head of one".repeat(100));
  const spool = spoolAt(file);
  expect(spool.damage).toBe(`${file} was damaged and is now ${file}.damaged: alerts that were waiting in it are not sent`);
  spool.put(messageNamed("a"), ["x"]);
  expect(takenBy(spool, "x")).toEqual(["a"]);
});

test("a kill -9 at any moment and a receiver that is down lose no message, and a repeat has the same id", async () => {
  const { put, missing, disordered } = await killWhileDelivering(10);
  expect(put).toBeGreaterThan(10);
  expect({ missing, disordered }).toEqual({ missing: 0, disordered: 0 });
}, 60_000);
