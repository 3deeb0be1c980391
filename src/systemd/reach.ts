// Finds the user manager of this user, also under su, sudo and ssh, where nothing in the environment names it.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { noBackend } from "../base/errors.ts";
import { currentUser } from "../base/user.ts";
import { enableLinger } from "./linger.ts";

/** How long linger and the user manager that it starts are waited for, together. */
const appearsMs = 4000;

export type UserManager = {
  uid: number;
  user: string;
  runtimeDir: string;
  /** Environment for systemctl, systemd-run and their like. */
  env: Record<string, string | undefined>;
};

/**
 * The user manager's whereabouts. Where it does not run yet, linger is asked for, which starts it.
 * Throws `no-backend` with the line that mends it.
 */
export async function reachUserManager(env: Record<string, string | undefined>): Promise<UserManager> {
  const { uid, name: username } = currentUser();
  const find = () => findRuntimeDir(env, uid) ?? undefined;
  let runtimeDir = find();
  if (runtimeDir === undefined) {
    // With it /run/user/UID appears.
    const endMs = performance.now() + appearsMs;
    await enableLinger(uid, env);
    while (runtimeDir === undefined && performance.now() < endMs) {
      await Bun.sleep(50);
      runtimeDir = find();
    }
  }
  if (runtimeDir === undefined) {
    throw noBackend(`the systemd user manager of ${username} does not run`, {
      hint: uid === 0 ? "loginctl enable-linger root" : `sudo loginctl enable-linger ${username}`,
    });
  }
  return {
    uid,
    user: username,
    runtimeDir,
    env: { ...env, XDG_RUNTIME_DIR: runtimeDir, DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(runtimeDir, "bus")}` },
  };
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
