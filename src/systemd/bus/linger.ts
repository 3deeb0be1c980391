// Linger: finds out whether the services of a user run without a session, and enables it (loginctl(1)).
import { existsSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../../base/exec.ts";

export const lingers = (user: string): boolean => existsSync(join("/var/lib/systemd/linger", user));

/** Polkit allows many users to enable linger for themselves, and root always may. False where this host refuses. */
export async function enableLinger(uid: number, env: Record<string, string | undefined>): Promise<boolean> {
  // Without a user name loginctl takes the user of the caller's session, and root may have no session.
  const words = ["loginctl", "--no-ask-password", "enable-linger", ...(uid === 0 ? ["root"] : [])];
  const asked = await exec(words, { timeoutMs: 3000, env }).catch(() => null);
  return asked?.exitCode === 0;
}

/**
 * Enables linger, so that services outlive the sessions of their user; returns a sentence on what to do where that is refused.
 */
export async function ensureLinger({
  user,
  uid,
  env,
}: {
  user: string;
  uid: number;
  env: Record<string, string | undefined>;
}): Promise<string | null> {
  if (lingers(user) || (await enableLinger(uid, env))) return null;
  return `services of ${user} end with its last session; to keep them and start them at boot: sudo loginctl enable-linger ${user}`;
}
