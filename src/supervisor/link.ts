// Access to the supervisor from within its own process, for the agent that runs there.
import type { Change, Watch } from "../backend/backend.ts";
import type { Asker } from "./client.ts";
import type { ServiceReport, ServiceRequest } from "./control.ts";
import { isLauncher } from "./reading.ts";

export type SupervisorLink = {
  ask(request: ServiceRequest): Promise<ServiceReport[]>;
  names(): string[];
  /** Returns a function that ends the subscription. */
  hear(onChange: (change: Change) => void): () => void;
};

export const askerOf = (link: SupervisorLink): Asker => ({
  ask: (request) => link.ask(request),
  // The supervisor runs in this process, so no supervisor has to be started.
  async bringUp() {},
});

/** The time that a launcher may need on a slow machine; after it the listener must read the state itself. */
const launchMs = 10_000;
const launchPollMs = 20;

export function watchFrom(link: SupervisorLink, onChange: (change: Change) => void): Watch {
  let isClosed = false;
  // Maps the name of a service to the launch that is waited for. A service that is started again gets a new launch, and the
  // wait for the earlier launch ends without a report.
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
    // A launcher (the process that becomes the service) is not the service yet, and no event reports when it has executed the
    // program.
    onChange({ ...change, state: "activating" });
    void tellOfLaunch(change.name);
  });
  // A new supervisor has already started services before anybody listened, so their launches are checked once.
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
    // Every change except the end of a launch is reported at the moment it happens, so only launches are checked here.
    async synced() {
      for (const { name, state, mainPid } of await link.ask({ act: "read", names: [...launching.keys()] }))
        if (state === "active" && mainPid !== null && !isLauncher(mainPid)) tellLaunched(name);
    },
  };
}

async function isLaunched(link: SupervisorLink, name: string): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < launchMs; waitedMs += launchPollMs) {
    const [told] = await link.ask({ act: "read", names: [name] });
    if (told?.state !== "active" || told.mainPid === null) return false;
    if (!isLauncher(told.mainPid)) return true;
    await Bun.sleep(launchPollMs);
  }
  return false;
}
