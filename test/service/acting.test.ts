// The acts of commands, as an agent sees them.
import { expect, test } from "bun:test";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Acting, actingOn, beginActing } from "../../src/service/acting.ts";
import { tempDir } from "../harness.ts";

const end = (act: Disposable) => act[Symbol.dispose]();
const namesIn = (acting: Acting) => [...acting.look()].sort();

test("an act counts while it lasts, and at the first look after its end", () => {
  const state = tempDir();
  const acting = new Acting(state);
  const act = beginActing(state, ["web"]);
  expect([namesIn(acting), namesIn(acting), [...actingOn(state)]]).toEqual([["web"], ["web"], ["web"]]);
  end(act);
  expect([namesIn(acting), namesIn(acting), [...actingOn(state)]]).toEqual([["web"], [], []]);
  expect(statSync(join(state, "acting.json")).mode & 0o777).toBe(0o600);
});

test("acts that begin and end between two looks count at the next two, and an old act never", () => {
  const state = tempDir();
  end(beginActing(state, ["old"]));
  const acting = new Acting(state);
  for (const name of ["web", "api"]) end(beginActing(state, [name]));
  expect([namesIn(acting), namesIn(acting), namesIn(acting)]).toEqual([["api", "web"], ["api", "web"], []]);
});

test("an act whose process was killed has ended, and a file that cannot be read counts as none", () => {
  const state = tempDir();
  const acting = new Acting(state);
  const owner = { pid: 1, startTime: "0", boot: "another" };
  writeFileSync(join(state, "acting.json"), JSON.stringify([{ id: "a", owner, services: ["web"], endedMs: null }]));
  expect([[...actingOn(state)], namesIn(acting), namesIn(acting), namesIn(acting)]).toEqual([[], ["web"], ["web"], []]);
  writeFileSync(join(state, "acting.json"), "{");
  expect(namesIn(acting)).toEqual([]);
});

test("the file stays small over many acts on many services", () => {
  const state = tempDir();
  const names = Array.from({ length: 1000 }, (_, i) => `service-${i}`);
  for (let n = 0; n < 30; n++) end(beginActing(state, names));
  expect(statSync(join(state, "acting.json")).size).toBeLessThan(300_000);
});
