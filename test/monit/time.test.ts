// The keys of time: [ and ] through the stored history, and Z.
import { expect, test } from "bun:test";
import type { MonitEffect } from "../../src/monit/events.ts";
import { nowMs, Scene, usual } from "./scene.ts";

test("[ and ] go through the stored steps: 5 s wide, then a minute, faster while held, and back to now", () => {
  const scene = new Scene().keys("[");
  const travel = (effects: MonitEffect[]) => effects.find((effect) => effect.do === "travel");
  const first = Math.floor((nowMs - 5000) / 5000) * 5000;
  expect(travel(scene.effects)).toEqual({ do: "travel", atMs: first, direction: -1 });
  const moment = (atMs: number) => ({ atMs, widthMs: 5000, services: usual.slice(0, 2), host: null, alerts: [] });
  const arrives = (askedMs: number, atMs = askedMs) => scene.take({ kind: "moment", askedMs, direction: -1, moment: moment(atMs) });
  arrives(first);
  expect(scene.names()).toEqual(["worker", "api"]);
  expect(scene.effects).toContainEqual({ do: "follow", name: "worker", untilMs: first + 5000 });
  // A moment that arrives after the user has gone on is not shown.
  scene.keys("[");
  arrives(first - 50_000);
  expect(scene.model.moment?.atMs).toBe(first);
  for (let i = 0; i < 70; i++) scene.keys("[");
  expect((nowMs - (scene.model.travel.wantedMs ?? nowMs)) / 5000).toBeGreaterThan(300);
  expect(scene.keys("r").model.dialog).toBe(null);
  expect(scene.keys("0").model).toMatchObject({ moment: null, travel: { wantedMs: null } });
  expect(scene.names().length).toBe(7);
});

test("a time that is older than the finest resolution is shown with the width of its step", () => {
  const scene = new Scene();
  scene.model = { ...scene.model, travel: { wantedMs: nowMs - 6_000_000, pressedMs: 0, presses: 0 } };
  expect(scene.keys("[").effects).toContainEqual({
    do: "travel",
    atMs: Math.floor((nowMs - 6_060_000) / 60_000) * 60_000,
    direction: -1,
  });
});

test("a time of which nothing is stored leads to the nearest stored step, and the screen says how much is missing", () => {
  const scene = new Scene().keys("[");
  const wantedMs = scene.model.travel.wantedMs ?? 0;
  const moment = { atMs: wantedMs - 7_200_000, widthMs: 60_000, services: usual, host: null, alerts: [] };
  scene.take({ kind: "moment", askedMs: wantedMs, direction: -1, moment });
  expect(scene.model).toMatchObject({ moment: { atMs: moment.atMs }, travel: { wantedMs: moment.atMs } });
  expect(scene.model.said?.text).toBe("nothing is stored of the 2h between");
  // Where nothing newer is stored, ] leads to now.
  const newerMs = scene.keys("]").model.travel.wantedMs ?? 0;
  scene.take({ kind: "moment", askedMs: newerMs, direction: 1, moment: null });
  expect(scene.model).toMatchObject({ moment: null, travel: { wantedMs: null } });
});

test("a time of which nothing is stored leaves the screen as it is, and says so", () => {
  const scene = new Scene().keys("[");
  scene.take({ kind: "moment", askedMs: scene.model.travel.wantedMs ?? 0, direction: -1, moment: null });
  expect(scene.model.moment).toBe(null);
  expect(scene.model.said?.text).toBe("nothing older is stored");
});

test("Z freezes the services on the screen while the agent goes on", () => {
  const scene = new Scene().keys("Z");
  scene.take({ kind: "services", event: { kind: "gone", atMs: nowMs, name: "api" } });
  expect(scene.names()).toContain("api");
  expect(scene.keys("Z").names()).not.toContain("api");
});
