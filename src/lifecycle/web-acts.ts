// Records in the trail who has logged in to the web server, and who has replaced a token.
import { exitStatus } from "../base/errors.ts";
import { type Deps, lockRegistry } from "./deps.ts";
import { append } from "./recorded.ts";

export type WebAct = "web-login" | "web-token";

type TrailDeps = Pick<Deps, "registry" | "trail" | "warn" | "progress">;

/** `level`: what the session or the token may do. `how`: a sentence for the record. */
export async function recordWebAct(act: WebAct, level: "full" | "read", how: string, deps: TrailDeps): Promise<void> {
  using _lock = await lockRegistry(deps, act);
  const differences = [{ path: "level", before: undefined, after: level }];
  await append(deps, { act, targets: [], differences }, { message: how, failed: [], exitStatus: exitStatus.done });
}
