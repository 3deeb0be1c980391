// Identifies the user who acts, from what the kernel records of this process and of its login session.
import { readProc } from "../base/proc.ts";
import { currentUser } from "../base/user.ts";
import type { Who } from "./record.ts";

export function whoActs(origin: Who["origin"], env: Record<string, string | undefined>): Who {
  const { uid, name } = currentUser();
  return {
    uid,
    user: name,
    loginUid: loginUidOf(readProc("self/loginuid")),
    terminal: terminalOf(readProc("self/stat")),
    // `CLIENT PORT SERVER PORT`, ssh(1).
    sshFromEnvironment: env["SSH_CONNECTION"]?.split(" ")[0]?.slice(0, 100) || null,
    pid: process.pid,
    origin,
  };
}

/** pam_loginuid(8); all bits are set where nobody logged in, as in a container or a timer. */
export function loginUidOf(text: string | null): number | null {
  const uid = text === null || text.trim() === "" ? Number.NaN : Number(text);
  return Number.isInteger(uid) && uid !== 0xffffffff ? uid : null;
}

/** tty_nr, field 7 of proc_pid_stat(5), which stays known when standard input is redirected. */
export function terminalOf(stat: string | null): string | null {
  const number = Number(stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[4] ?? 0);
  if (!Number.isInteger(number) || number === 0) return null;
  const major = (number >> 8) & 0xfff;
  const minor = (number & 0xff) | ((number >> 12) & 0xfff00);
  // devices.txt of the kernel: 136 to 143 are pseudoterminals, 4 the consoles and, from 64 on, serial lines.
  if (major >= 136 && major <= 143) return `/dev/pts/${(major - 136) * 256 + minor}`;
  if (major === 4) return minor < 64 ? `/dev/tty${minor}` : `/dev/ttyS${minor - 64}`;
  return `device ${major}:${minor}`;
}
