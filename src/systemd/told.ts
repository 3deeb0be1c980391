// What systemd's words and folders mean for us.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type State, states } from "../metrics/sample.ts";

/** ActiveState of a unit (org.freedesktop.systemd1(5)); null for a word that none of ours is in. */
export function stateOf(active: unknown): State | null {
  if (active === "reloading" || active === "refreshing") return "active";
  return states.find((state) => state === active) ?? null;
}

/** What `enable` makes: links in default.target.wants. */
export function wantedUnits(units: string): Set<string> {
  try {
    return new Set(readdirSync(join(units, "default.target.wants")));
  } catch {
    return new Set();
  }
}
