// Whether a service can have its port: checked before anything is changed.
import { firstOpenPort, holderOf, holdsSocket, listenersOn } from "../backend/sockets.ts";
import { failed } from "../base/errors.ts";
import { harmless } from "../base/text.ts";
import { type Group, pidsOf } from "../metrics/group.ts";
import type { Spec } from "../service/spec.ts";

/** Throws where the port is taken by somebody else (and says by whom) or needs a privilege that no service has. */
export function checkPort(spec: Spec, group: Group | null): void {
  if (spec.port === null) return;
  const first = firstOpenPort();
  if (spec.port < first) {
    throw failed(`port ${spec.port} needs a privilege: services may listen from ${first} on`, {
      hint: `sudo sysctl -w net.ipv4.ip_unprivileged_port_start=${spec.port}`,
    });
  }
  const listeners = listenersOn(spec.port);
  if (listeners.length === 0 || holdsSocket(pidsOf(group), listeners)) return;
  const holder = holderOf(listeners);
  const who = holder === null ? `a process of uid ${listeners[0]?.uid}` : `${harmless(holder.command)} (pid ${holder.pid})`;
  throw failed(`port ${spec.port} is taken by ${who}`, {
    hint: holder === null ? `ss -ltnp 'sport = :${spec.port}'` : `bs9 start … --port ${spec.port + 1}`,
  });
}
