// Linger: whether the services of a user run without a session of it, and asking for it (loginctl(1)).
import { existsSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../../base/exec.ts";

export const lingers = (user: string): boolean => existsSync(join("/var/lib/systemd/linger", user));

/** Polkit lets many a user do this for itself, and root always may. False where this host does not. */
export async function enableLinger(uid: number, env: Record<string, string | undefined>): Promise<boolean> {
  // Without a name it is the caller's session that counts, and root may have none.
  const words = ["loginctl", "--no-ask-password", "enable-linger", ...(uid === 0 ? ["root"] : [])];
  const asked = await exec(words, { timeoutMs: 3000, env }).catch(() => null);
  return asked?.exitCode === 0;
}

/** Asks that services outlive the sessions of their user; a sentence on what to do where that is refused. */
export async function askToLinger({
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
