// Remembers what this host provides of each profile, so that one process finds it out at most once.
import type { SandboxProfile } from "../../service/spec.ts";
import { type HostProfile, hostProfile } from "./host.ts";
import type { ProbeDeps } from "./probe.ts";

export class HostProfiles {
  readonly #deps: ProbeDeps;
  readonly #hosts = new Map<SandboxProfile, Promise<HostProfile>>();

  constructor(deps: ProbeDeps) {
    this.#deps = deps;
  }

  /** What this host provides of a profile; a probe that succeeded is not repeated. */
  of(profile: SandboxProfile): Promise<HostProfile> {
    const known = this.#hosts.get(profile);
    if (known !== undefined) return known;
    const asked = hostProfile(profile, this.#deps);
    this.#hosts.set(profile, asked);
    // A failed probe is not kept, because it may have failed only while the machine was booting.
    asked.catch(() => this.#hosts.delete(profile));
    return asked;
  }
}
