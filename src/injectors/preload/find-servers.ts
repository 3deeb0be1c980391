// Finds the servers of an app on Node without loading node:net or node:http for it, which would cost each start some ms: the
// modules are wrapped once the app has loaded them.
import { attempt } from "./attempt.ts";
import { load } from "./builtin.ts";
import { addNodeServer, type NodeServer, wrapNodeServers } from "./node-http.ts";

/** When to look, in ms after the start. Servers that listen later are seen because node:net is wrapped by then. */
const looks = [0, 25, 50, 100, 200, 400];

type Internals = typeof process & { moduleLoadList?: string[]; _getActiveHandles?(): object[] };

export function findNodeServers(): void {
  let isFound = false;
  const look = () => {
    if (isFound || (process as Internals).moduleLoadList?.includes("NativeModule net") === false) return;
    isFound = true;
    wrapAndAdopt();
  };
  for (const ms of looks) setTimeout(() => attempt(look), ms).unref();
  const { subscribe, unsubscribe } = load<typeof import("node:diagnostics_channel")>("node:diagnostics_channel");
  // The first request may come before the first look; node:http announces it before it calls the app.
  const channel = "http.server.request.start";
  const first = () => {
    // Node 18 fails where a channel loses its last listener while it calls it.
    setImmediate(() => attempt(() => unsubscribe(channel, first)));
    attempt(look);
  };
  subscribe(channel, first);
}

/** From here on each server is seen when it starts to listen; those that listen already are among the handles of the process. */
export function wrapAndAdopt(): void {
  wrapNodeServers("node:net");
  const { Server } = load<typeof import("node:net")>("node:net");
  for (const one of (process as Internals)._getActiveHandles?.() ?? []) {
    if (one instanceof Server && one.listening) addNodeServer(one as unknown as NodeServer);
  }
}
