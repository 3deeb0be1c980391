// What the signals of systemd report about services, including malformed signals.
import { expect, test } from "bun:test";
import { changeOf } from "../../../src/systemd/bus/watch.ts";

const unit = (label: string) => `/org/freedesktop/systemd1/unit/${label}`;
const signal = (path: string, changed: unknown, member = "PropertiesChanged") => ({
  path,
  interface: "org.freedesktop.DBus.Properties",
  member,
  body: ["org.freedesktop.systemd1.Unit", changed, []],
});

test.each([
  [signal(unit("web_2eservice"), { ActiveState: "active" }), { name: "web", state: "active" }],
  [signal(unit("api_2d1_2eservice"), { ActiveState: "failed", SubState: "failed" }), { name: "api-1", state: "failed" }],
  [signal(unit("web_2eservice"), { ActiveState: "reloading" }), { name: "web", state: "active" }],
  [signal(unit("web_2eservice"), { ActiveState: "inactive", Job: [7, "/job/7"] }), { name: "web", state: "activating" }],
  [signal(unit("web_2eservice"), { ActiveState: "inactive", Job: [0, "/"] }), { name: "web", state: "inactive" }],
  [signal(unit("web_2eservice"), { ActiveState: "deactivating", Job: [7, "/job/7"] }), { name: "web", state: "deactivating" }],
  [signal(unit("web_2eservice"), { ActiveState: "failed", Job: "7" }), { name: "web", state: "failed" }],
  [signal(unit("web_2eservice"), { MainPID: 7 }), { name: "web", state: null }],
  [signal(unit("web_2eservice"), { ActiveState: "maintenance" }), { name: "web", state: null }],
  [signal(unit("web_2eservice"), null), { name: "web", state: null }],
  [
    { ...signal(unit("web_2eservice"), {}), body: [] },
    { name: "web", state: null },
  ],
  [signal(unit("web_2esocket"), { ActiveState: "active" }), null],
  [signal(unit("web_402_2eservice"), { ActiveState: "active" }), null],
  [signal(unit("_2e_2e_2fweb_2eservice"), { ActiveState: "active" }), null],
  [signal(unit(""), { ActiveState: "active" }), null],
  [signal("/org/freedesktop/systemd1", { ActiveState: "active" }), null],
  [signal(unit("web_2eservice"), { ActiveState: "active" }, "JobRemoved"), null],
] as const)("the signal %j is translated", (heard, change) => expect(changeOf({ ...heard, body: [...heard.body] })).toEqual(change));
