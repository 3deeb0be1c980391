// The supervisor from within its own process, where the agent is a part of it.
import type { Change, Watch } from "../backend/backend.ts";
import type { Asker } from "./client.ts";
import type { Act, Told } from "./control.ts";
import { isLauncher } from "./reading.ts";

export type Link = {
  ask(request: Act): Promise<Told[]>;
  names(): string[];
  /** Returns what ends it. */
  hear(onChange: (change: Change) => void): () => void;
};

export const askerOf = (link: Link): Asker => ({
  ask: (request) => link.ask(request),
  // It asks itself.
  async bringUp() {},
});

/** What a launcher takes on a slow machine; then whoever watches looks by himself. */
const launchMs = 10_000;
const launchPollMs = 20;

export function watchFrom(link: Link, onChange: (change: Change) => void): Watch {
  let isClosed = false;
  // By name the launch that is waited for: a service that is started again has another one, and the earlier wait ends in silence.
  const launching = new Map<string, symbol>();
  const tellLaunched = (name: string) => {
    if (launching.delete(name) && !isClosed) onChange({ name, state: "active", atMs: Date.now() });
  };
  const tellOfLaunch = async (name: string) => {
    const launch = Symbol(name);
    launching.set(name, launch);
    const isUp = await isLaunched(link, name).catch(() => false);
    if (launching.get(name) !== launch) return;
    if (isUp) tellLaunched(name);
    else launching.delete(name);
  };
  const end = link.hear((change) => {
    if (change.state !== "active") return onChange(change);
    // A launcher is not the service yet, and nobody tells when it has become it.
    onChange({ ...change, state: "activating" });
    void tellOfLaunch(change.name);
  });
  // Of those that a new supervisor has started again nobody has heard yet.
  void link.ask({ act: "read", names: link.names() }).then(
    (all) => {
      for (const { name, state, mainPid } of all)
        if (state === "active" && mainPid !== null && isLauncher(mainPid)) void tellOfLaunch(name);
    },
    () => {},
  );
  return {
    close() {
      isClosed = true;
      end();
    },
    // Every change but the end of a launch is told in the moment that it happens.
    async synced() {
      for (const { name, state, mainPid } of await link.ask({ act: "read", names: [...launching.keys()] }))
        if (state === "active" && mainPid !== null && !isLauncher(mainPid)) tellLaunched(name);
    },
  };
}

async function isLaunched(link: Link, name: string): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < launchMs; waitedMs += launchPollMs) {
    const [told] = await link.ask({ act: "read", names: [name] });
    if (told?.state !== "active" || told.mainPid === null) return false;
    if (!isLauncher(told.mainPid)) return true;
    await Bun.sleep(launchPollMs);
  }
  return false;
}
