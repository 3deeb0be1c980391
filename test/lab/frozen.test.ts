// bs9 while the user manager, D-Bus, journald or the agent has ended or hangs; `npm run prove -- frozen` runs all cells.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Lab, lab, until } from "../harness.ts";
import { type Cell, cell, prepare } from "./frozen-cells.ts";

/**
 * Every command must end within 5 s. A machine that runs many tests at once gets three times as long; commands that hung took
 * 33 s and more.
 */
const limitSeconds = 15;

let it: Lab;
const sh = (script: string) => it.asUser("ops", ["sh", "-c", script]);

beforeAll(async () => {
  it = await lab("frozencells");
  await prepare(it);
}, 240_000);
afterAll(() => it.down());

const cells: [Cell["part"], Cell["way"], Cell["command"]][] = [
  ["user manager", "frozen", "status"],
  ["user manager", "frozen", "stop"],
  ["user manager", "ended", "status"],
  ["user manager", "ended", "stop"],
  ["D-Bus", "frozen", "status"],
  ["journald", "ended", "start"],
  ["agent", "frozen", "delete"],
];
test.each(cells)(
  "with the %s %s, %s answers in time and reports nothing wrong",
  async (part, way, command) => {
    const { wrong, ...shown } = await cell(it, { part, way, command }, limitSeconds);
    expect([wrong, shown]).toEqual([null, shown]);
  },
  240_000,
);

test("without journald a crash loop keeps running with its growing delay", async () => {
  await it.writeFile("ops", "crash/app.sh", "#!/bin/sh\ncut -d ' ' -f 1 /proc/uptime >>starts\nexit 1\n", "755");
  await it.asRoot(["sh", "-c", "systemctl stop systemd-journald.socket systemd-journald-dev-log.socket systemd-journald.service"]);
  try {
    await it.asUser("ops", ["bs9", "start", "crash/app.sh", "--name", "crash", "--wait", "0"]);
    const starts = async () => (await sh("cat crash/starts")).stdout.split("\n").filter(Boolean).map(Number);
    const [, second = 0, third = 0, fourth = 0] = await until(
      async () => {
        const now = await starts();
        return now.length >= 4 ? now : null;
      },
      { what: "it has started four times" },
    );
    expect(third - second).toBeGreaterThan(0.9);
    expect(fourth - third).toBeGreaterThan(1.9);
  } finally {
    await it.asRoot(["sh", "-c", "systemctl start systemd-journald.socket systemd-journald-dev-log.socket systemd-journald.service"]);
  }
  await it.asUser("ops", ["bs9", "delete", "crash", "--yes"]);
}, 240_000);
