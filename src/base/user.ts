// The user who runs bs9, by the user database, because Bun's userInfo() trusts $USER and $HOME.
import { readFileSync } from "node:fs";

export type User = { uid: number; name: string; home: string };

let known: User | null = null;

/** Reads passwd(5); users of another database (LDAP, systemd-homed) are looked up with getent(1). */
export function currentUser(): User {
  known ??= entryOf(process.getuid?.() ?? 0);
  return known;
}

function entryOf(uid: number): User {
  const line = lineOf(readPasswd(), uid) ?? lineOf(getent(uid), uid);
  const [name, , , , , home] = line?.split(":") ?? [];
  return { uid, name: name || `uid ${uid}`, home: home || "/" };
}

function lineOf(text: string, uid: number): string | undefined {
  return text.split("\n").find((line) => line.split(":")[2] === String(uid));
}

function readPasswd(): string {
  try {
    return readFileSync("/etc/passwd", "utf8");
  } catch {
    return "";
  }
}

function getent(uid: number): string {
  try {
    return Bun.spawnSync(["getent", "passwd", String(uid)], { timeout: 5000 }).stdout.toString();
  } catch {
    return "";
  }
}
