// Finds the user manager of this user, also under su, sudo and ssh, where the environment may not point to it.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { currentUser } from "../../base/user.ts";
import { enableLinger, lingers } from "./linger.ts";

/** How long to wait in total for linger to take effect and for the user manager that it starts. */
const appearsMs = 3500;

export type UserManager = {
  uid: number;
  user: string;
  runtimeDir: string;
  /** The environment for systemctl, systemd-run and similar programs. */
  env: Record<string, string | undefined>;
};

/**
 * Finds the user manager. If it does not run, it is started by enabling linger. If that does not help, the usual runtime
 * directory is returned, and the first call that needs the manager reports that it does not run.
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
  // The manager of a user with linger was started at boot. If it has ended since, enabling linger again does not start it, so it
  // is worth waiting only as long as a manager needs that is starting just now.
  const endMs = performance.now() + (lingers(user) ? 1000 : appearsMs);
  await enableLinger(uid, env);
  for (;;) {
    const found = findRuntimeDir(env, uid);
    if (found !== null || performance.now() > endMs) return found;
    await Bun.sleep(50);
  }
}

/** The runtime directory that contains a user manager, null where none runs; does not start one. */
export function findRuntimeDir(env: Record<string, string | undefined>, uid: number): string | null {
  const candidates = [env["XDG_RUNTIME_DIR"], `/run/user/${uid}`];
  return candidates.find((folder): folder is string => folder !== undefined && isOurs(folder, uid)) ?? null;
}

/**
 * Under sudo the environment may name the directory of the caller: only a directory that this user owns and that contains a
 * manager counts.
 */
function isOurs(folder: string, uid: number): boolean {
  try {
    return statSync(folder).uid === uid && existsSync(join(folder, "systemd/private"));
  } catch {
    return false;
  }
}
