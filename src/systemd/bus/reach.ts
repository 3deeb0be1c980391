// Finds the user manager of this user, also under su, sudo and ssh, where nothing in the environment names it.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { currentUser } from "../../base/user.ts";
import { enableLinger, lingers } from "./linger.ts";

/** How long linger and the user manager that it starts are waited for, together. */
const appearsMs = 3500;

export type UserManager = {
  uid: number;
  user: string;
  runtimeDir: string;
  /** Environment for systemctl, systemd-run and their like. */
  env: Record<string, string | undefined>;
};

/**
 * Where the user manager is. One that does not run yet is started by asking for linger; where that does not help, its
 * runtime folder is the one that it would have: what needs the manager then says that it does not run.
 */
export async function reachUserManager(env: Record<string, string | undefined>): Promise<UserManager> {
  const { uid, name: user } = currentUser();
  const runtimeDir = findRuntimeDir(env, uid) ?? (await startedRuntimeDir(env, uid, user)) ?? `/run/user/${uid}`;
  return {
    uid,
    user,
    runtimeDir,
    env: { ...env, XDG_RUNTIME_DIR: runtimeDir, DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(runtimeDir, "bus")}` },
  };
}

async function startedRuntimeDir(env: Record<string, string | undefined>, uid: number, user: string): Promise<string | null> {
  // A user who lingers has had a manager, which has ended: asking again starts none, unless it is just on its way.
  const endMs = performance.now() + (lingers(user) ? 1000 : appearsMs);
  await enableLinger(uid, env);
  for (;;) {
    const found = findRuntimeDir(env, uid);
    if (found !== null || performance.now() > endMs) return found;
    await Bun.sleep(50);
  }
}

/** The runtime folder with a user manager in it, null where there is none; asks nobody for anything. */
export function findRuntimeDir(env: Record<string, string | undefined>, uid: number): string | null {
  const candidates = [env["XDG_RUNTIME_DIR"], `/run/user/${uid}`];
  return candidates.find((folder): folder is string => folder !== undefined && isOurs(folder, uid)) ?? null;
}

/** Under sudo the folder of the caller may be named: only one that is ours and has a manager in it counts. */
function isOurs(folder: string, uid: number): boolean {
  try {
    return statSync(folder).uid === uid && existsSync(join(folder, "systemd/private"));
  } catch {
    return false;
  }
}
