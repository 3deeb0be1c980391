// Checks before any change whether a service can have its port.
import { firstOpenPort, holderOf, holdsSocket, listenersOn } from "../backend/sockets.ts";
import { failed } from "../base/errors.ts";
import { harmless } from "../base/text.ts";
import { type Group, pidsOf } from "../metrics/group.ts";
import { portOf, type Spec } from "../service/spec.ts";
import type { Deps } from "./deps.ts";

/** Throws if the port needs a privilege that services do not have, or if it is taken; names the service or process that has it. */
export async function checkPort(spec: Spec, group: Group | null, { registry, backend }: Pick<Deps, "registry" | "backend">): Promise<void> {
  const port = portOf(spec);
  if (port === null) return;
  const first = firstOpenPort();
  if (port < first) {
    throw failed(`port ${port} needs a privilege: services may listen on ports from ${first} on`, {
      hint: `sudo sysctl -w net.ipv4.ip_unprivileged_port_start=${port}`,
    });
  }
  const listeners = listenersOn(port);
  if (listeners.length === 0 || holdsSocket(pidsOf(group), listeners)) return;
  // Search among the services first: an app on the runtime of bs9 is a process named bs9, so the name of the process would not
  // help the user.
  const readings = await backend.read(registry.names());
  const service = readings.find(({ group }) => holdsSocket(pidsOf(group), listeners));
  if (service?.name === spec.name) return;
  const holder = holderOf(listeners);
  const who =
    service !== undefined
      ? `the service ${service.name}`
      : holder === null
        ? `a process of uid ${listeners[0]?.uid}`
        : `${harmless(holder.command)} (pid ${holder.pid})`;
  throw failed(`port ${port} is taken by ${who}`, {
    hint: holder === null ? `ss -ltnp 'sport = :${port}'` : `bs9 start ENTRY --port ${port + 1}`,
  });
}
