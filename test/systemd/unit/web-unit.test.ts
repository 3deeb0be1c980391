// bs9-web.service without a systemd: what is written, and that a failed start can put the previous unit back.
import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Systemctl } from "../../../src/systemd/bus/systemctl.ts";
import { webUnit } from "../../../src/systemd/unit/web-unit.ts";
import { tempDir } from "../../harness.ts";

function bench() {
  const units = tempDir();
  const asked: string[] = [];
  const systemctl: Pick<Systemctl, "reload" | "queue" | "stopWithin"> = {
    reload: async () => void asked.push("reload"),
    queue: async (verb, names) => void asked.push(`${verb} ${names.join(" ")}`),
    stopWithin: async (unit) => void asked.push(`stop ${unit}`),
  };
  const owner = { units, mark: "home of this test" } as Parameters<typeof webUnit>[0]["owner"];
  const unit = webUnit({ owner, systemctl: systemctl as Systemctl, program: "/opt/bs9", env: { BS9_WEB_TOKEN_FILE: "/run/token" } });
  const file = join(units, "bs9-web.service");
  return { unit, asked, file, text: () => (existsSync(file) ? readFileSync(file, "utf8") : null) };
}

test("the unit remembers its port and the file of the token", async () => {
  const { unit, text, asked } = bench();
  expect(unit.port()).toBeNull();
  await unit.start(["--host", "127.0.0.1", "--port", "8123"]);
  expect(unit.port()).toBe(8123);
  expect(text()).toContain('Environment="BS9_WEB_TOKEN_FILE=/run/token"');
  expect(asked).toEqual(["reload", "restart bs9-web.service"]);
});

test("a start that is undone leaves the previous server running, and none where there was none", async () => {
  const { unit, text, asked } = bench();
  const undoFirst = await unit.start(["--host", "127.0.0.1", "--port", "8123"]);
  const before = text();
  const undo = await unit.start(["--host", "127.0.0.1", "--port", "9000"]);
  expect(unit.port()).toBe(9000);
  asked.length = 0;
  expect(await undo()).toBe(true);
  expect([text(), asked]).toEqual([before, ["reload", "restart bs9-web.service"]]);
  asked.length = 0;
  expect(await undoFirst()).toBe(false);
  expect([text(), asked]).toEqual([null, ["stop bs9-web.service", "reload"]]);
});

test("a unit of somebody else is neither replaced nor removed", async () => {
  const { unit, file, text } = bench();
  writeFileSync(file, "[Service]\nExecStart=/bin/true\n");
  await expect(unit.start(["--port", "1"])).rejects.toThrow("belongs to");
  await expect(unit.stop()).rejects.toThrow("belongs to");
  expect(text()).toBe("[Service]\nExecStart=/bin/true\n");
});
