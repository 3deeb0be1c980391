// Finds out whether the preload of a service is in force, by what its processes do: the preload answers on its socket.
import type { Backend, Glimpse, Reading } from "../backend/backend.ts";
import { askPreload, pidsWithSocket } from "../injectors/ask.ts";
import { pidsOf } from "../metrics/group.ts";
import type { Spec } from "../service/spec.ts";
import { whyNotInjected } from "./injected.ts";

/** The processes that answer, and why none does; `why` is null if one does. */
export type Preload = { pids: number[]; why: string | null };

const timeoutMs = 1000;

export async function preloadOf(
  { name, inject }: Spec,
  { state, group }: Reading | Glimpse,
  backend: Pick<Backend, "socketFolder">,
): Promise<Preload> {
  const not = (why: string) => ({ pids: [], why });
  if (inject === undefined) return not(`an older bs9 defined it; bs9 restart ${name} adds it`);
  if (inject.by === "none") return not(whyNotInjected[inject.why]);
  if (state !== "active") return not("the service does not run");
  const folder = backend.socketFolder(name);
  const asked = pidsWithSocket(folder, pidsOf(group));
  const told = await Promise.all(asked.map((pid) => askPreload(folder, pid, "/healthz", timeoutMs)));
  const pids = asked.filter((_, i) => typeof told[i] === "object");
  return pids.length > 0 ? { pids, why: null } : not("none of its processes answers on its socket");
}
