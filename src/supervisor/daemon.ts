// The supervisor: one loop that keeps services running, answers on the control socket, reaps orphans and maintains the log
// files.
import { rmSync } from "node:fs";
import * as v from "valibot";
import type { Change } from "../backend/backend.ts";
import { removeCache } from "../backend/cache.ts";
import { endings } from "../backend/ended.ts";
import { sandboxEdition } from "../backend/sandbox.ts";
import { keyIn } from "../base/channel/head.ts";
import { serve } from "../base/channel/serve.ts";
import { releaseMemory } from "../base/memory.ts";
import type { Paths } from "../base/paths.ts";
import { forgetEvents } from "../logs/events.ts";
import { logFolder, logsFolder } from "../logs/store/place.ts";
import { careForLogs } from "../logs/store/tick.ts";
import { leaveCgroup } from "./cgroup.ts";
import { ControlRequest, controlChannel, controlKey, controlSocket, type ServiceReport, type ServiceRequest } from "./control.ts";
import type { EndOfSupervisor } from "./end.ts";
import { becomeSubreaper, endedOf } from "./kernel.ts";
import { landlockVersion } from "./landlock.ts";
import { Leavings } from "./leavings.ts";
import type { SupervisorLink } from "./link.ts";
import { sharedKills } from "./out-of-memory.ts";
import { takePlace } from "./place.ts";
import { reapOrphans } from "./reaper.ts";
import { blank, era, Records } from "./record.ts";
import { Service, type ServiceContext } from "./service.ts";
import { removeSockets } from "./sockets.ts";
import type { LifeState } from "./table.ts";

export type Daemon = {
  /** Gives callers within the same process access to the supervisor. */
  link: SupervisorLink;
  /** Ends every service, each within its own stop timeout. */
  shutDown(): Promise<void>;
};

export type DaemonOptions = {
  end: EndOfSupervisor;
  happened: ServiceContext["happened"];
};

const logsEveryMs = 1000;
const watchEveryMs = 200;
const reapEveryMs = 500;
/** How long the start of the supervisor and of its first services takes at most: after this time memory is released. */
const settledMs = 5000;
const releaseEveryMs = 60_000;

/**
 * Takes over from a supervisor in the background. end.ts decides when the daemon ends. Throws where a supervisor in the foreground runs for the same user and home.
 */
export async function startDaemon(paths: Paths, { end, happened }: DaemonOptions): Promise<Daemon> {
  await takePlace(paths.state, end.isBackground);
  if (process.pid !== 1) becomeSubreaper();
  const key = keyIn(controlKey(paths.state));
  const hearing = new Set<(change: Change) => void>();
  const changed: ServiceContext["changed"] = (service, what) => {
    const state = what === "state" ? toldOf(service).state : null;
    const change = { name: service.name, state, atMs: Date.now(), ...outOfMemoryIn(service, state) };
    for (const hear of hearing) {
      try {
        hear(change);
      } catch {
        // A listener for changes that throws must not stop the service.
      }
    }
  };
  const context: ServiceContext = {
    paths,
    records: new Records(paths.state),
    shuts: landlockVersion() > 0,
    leavings: new Leavings(),
    changed,
    happened,
  };
  const services = new Map<string, Service>();
  // The socket is opened first, because a supervisor that cannot be reached must not start services. No request is answered
  // before the following code, which is synchronous, has run.
  const control = serve(controlSocket(paths.state), controlChannel, key, async (question) => {
    const request = v.parse(ControlRequest, question);
    if (request.act !== "leave") return { told: await acted(request, services, context) };
    end.replaced();
    return { told: [] };
  });
  for (const name of context.records.names()) {
    const record = context.records.get(name);
    if (record === null) continue;
    const isNewEra = record.era !== era();
    const service = new Service({ ...record, era: era() }, context);
    services.set(name, service);
    service.resume(isNewEra);
  }
  const timers = [
    setInterval(() => watch(services), watchEveryMs),
    setInterval(reapOrphans, reapEveryMs),
    setTimeout(releaseMemory, settledMs),
    setInterval(releaseMemory, releaseEveryMs),
    setInterval(() => {
      void careForLogs(logsFolder(paths.state)).catch(() => {});
      for (const service of services.values()) if (!service.isKept) service.keep();
      end.counted(services.size);
    }, logsEveryMs),
  ];
  return {
    link: {
      ask: (request) => acted(request, services, context),
      names: () => [...services.keys()],
      hear(onChange) {
        hearing.add(onChange);
        return () => hearing.delete(onChange);
      },
    },
    async shutDown() {
      await Promise.all([...services.values()].map((service) => service.shutDown()));
      for (const timer of timers) clearInterval(timer);
      control.stop();
      leaveCgroup();
    },
  };
}

/** The start time identifies the run that has ended, until the next one begins. */
function outOfMemoryIn({ record }: Service, state: Change["state"]): Pick<Change, "outOfMemory"> {
  const hasEnded = state === "failed" || state === "activating";
  return hasEnded && record.end === endings.outOfMemory ? { outOfMemory: { run: String(record.lastStartSec) } } : {};
}

function watch(services: Map<string, Service>): void {
  sharedKills.look(performance.now());
  const watched = new Map([...services.values()].flatMap((service) => (service.pidfd === null ? [] : [[service.pidfd, service] as const])));
  for (const fd of endedOf([...watched.keys()])) watched.get(fd)?.endedUnseen();
}

async function acted(request: ServiceRequest, services: Map<string, Service>, context: ServiceContext): Promise<ServiceReport[]> {
  switch (request.act) {
    case "define": {
      for (const { spec, derived, plan } of request.specs) {
        const known = services.get(spec.name);
        const service = known ?? new Service(blank(spec, derived, plan), context);
        Object.assign(service.record, { spec, derived, plan, edition: sandboxEdition });
        service.keep(true);
        services.set(spec.name, service);
      }
      return [];
    }
    case "want": {
      for (const service of picked(request.names, services)) {
        service.record.wanted = request.wanted;
        service.keep(true);
        context.changed(service, "wanted");
      }
      return [];
    }
    case "forget": {
      for (const name of request.names) {
        const service = services.get(name);
        if (service !== undefined) {
          service.meet("stop");
          await service.settled();
        }
        services.delete(name);
        context.records.remove(name);
        forgetEvents(context.paths.state, name);
        rmSync(logFolder(context.paths.state, name), { recursive: true, force: true });
        removeSockets(context.paths.state, name);
        await removeCache(context.paths.state, name);
      }
      return [];
    }
    case "recycle": {
      for (const service of picked(request.names, services)) service.recycle(request.why);
      return [];
    }
    case "read":
      return picked(request.names, services).map(toldOf);
    default: {
      const some = picked(request.names, services);
      for (const service of some) {
        service.record.resume = false;
        if (request.act !== "stop") service.cleanSlate();
        // A service whose processes are ending by themselves must not be treated as active: the start becomes a restart.
        service.meet(request.act === "start" && service.isLeaving ? "restart" : request.act);
      }
      await Promise.all(some.map((service) => service.settled()));
      if (request.act === "stop") for (const { record } of some) if (record.state === "failed") record.state = "inactive";
      return some.map(toldOf);
    }
  }
}

function picked(names: string[], services: Map<string, Service>): Service[] {
  return names.flatMap((name) => services.get(name) ?? []);
}

const stateOf: { [S in LifeState]: ServiceReport["state"] } = {
  inactive: "inactive",
  activating: "activating",
  active: "active",
  deactivating: "deactivating",
  restarting: "deactivating",
  recycling: "deactivating",
  failed: "failed",
};

function toldOf({ name, record, isLeaving, delayedAtMs }: Service): ServiceReport {
  const { process: main, cgroup, restarts, end, wanted, derived, state } = record;
  const mainPid = isLeaving ? null : (main?.pid ?? null);
  const waits = state === "activating" ? { row: record.starts, sinceMs: delayedAtMs } : null;
  return { name, state: isLeaving ? "deactivating" : stateOf[state], mainPid, cgroup, restarts, end, waits, wanted, derived };
}
