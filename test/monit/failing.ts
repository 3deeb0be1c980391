// A dashboard that fails while its screen is shown: a promise rejects, a timer throws, its model cannot be read, or its terminal
// goes away. With "shows" nothing fails.
import { openTerminal } from "../../src/base/terminal.ts";

import { Dashboard } from "../../src/monit/dashboard.ts";
import { Screen } from "../../src/monit/screen/screen.ts";
import type { MonitDeps } from "../../src/monit/sources.ts";
import { nowMs, Scene, service, snapshotOf, usual } from "./scene.ts";

const how = process.argv[2];
if (how === "ignores SIGHUP") process.on("SIGHUP", () => {});
const terminal = await openTerminal(process.env, { noColor: false, isQuiet: false });
const screen = new Screen({ write: (text) => terminal.write(text), hasColour: true, isSynchronized: true });
const deps = {
  signal: new AbortController().signal,
  now: () => nowMs,
  backend: { async *logs() {} },
  storage: { series: async () => [] },
  trail: { records: () => [] },
  alertHistory: () => [],
  model: {
    async *follow() {
      yield { kind: "snapshot", snapshot: snapshotOf([service("web")]) };
      for (; how === "shows"; await Bun.sleep(1000)) yield { kind: "snapshot", snapshot: snapshotOf(usual, Date.now()) };
      await Bun.sleep(300);
      if (how === "rejects") void Promise.reject(new Error("a promise fails on purpose"));
      if (how === "unread") throw new Error("the model fails on purpose");
      if (how === "throws")
        setTimeout(() => {
          throw new Error("a timer fails on purpose");
        });
      await Bun.sleep(60_000);
    },
  },
} as unknown as MonitDeps;
await new Dashboard(new Scene([]).model, {
  deps,
  alerts: { paths: { config: "", state: "" }, user: "" },
  terminal,
  screen,
  atMs: null,
}).run();
// The model that this dashboard follows never ends, and would keep the process alive.
process.exit(0);
