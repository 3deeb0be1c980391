// Checks that only this user can access bs9's own files.
import { chmodSync, lstatSync, readdirSync, type Stats } from "node:fs";
import { join } from "node:path";
import { type Finding, plainFix } from "../../backend/finding.ts";
import { currentUser } from "../../base/user.ts";
import type { DoctorInput } from "./input.ts";
import { findings } from "./table.ts";

const maxEntries = 20_000;
const maxFindings = 20;

/** Findings on owners and modes. `denied` are the permission bits that no file below the directory may have. */
export function modeFindings({ paths }: DoctorInput): Finding[] {
  const rules: { folder: string; denied: number }[] = [
    { folder: paths.config, denied: 0o077 },
    { folder: paths.state, denied: 0o077 },
    // The runtimes that services execute: other users may read them, but not write.
    { folder: join(paths.share, "runtime"), denied: 0o022 },
  ];
  const found = rules.flatMap(({ folder, denied }) =>
    walk(folder, maxEntries).flatMap(({ path, stat }) => judge(path, stat, denied, paths.config)),
  );
  const more = found.length - maxFindings;
  return [...found.slice(0, maxFindings), ...(more > 0 ? [findings.moreModes({ count: more })] : [])];
}

function judge(path: string, stat: Stats, denied: number, config: string): Finding[] {
  if (stat.uid !== currentUser().uid) return [findings.owner({ path, uid: stat.uid })];
  // config.toml holds no secret, and its owner may want to show it.
  const bits = path === join(config, "config.toml") ? 0o022 : denied;
  const mode = stat.mode & 0o7777;
  if ((mode & bits) === 0) return [];
  const right = mode & ~bits & 0o777;
  const octal = (bits: number) => bits.toString(8).padStart(3, "0");
  // A directory that others can only list is a warning: the files in it have modes of their own.
  const severity = stat.isDirectory() && (mode & 0o022) === 0 ? "warning" : "error";
  const fix = plainFix(async () => {
    chmodSync(path, right);
    return `${path} has mode ${octal(right)}`;
  });
  return [findings.mode({ path, severity, mode: octal(mode), right: octal(right) }, fix)];
}

/** The directory itself and everything below it; symbolic links are not followed. */
function walk(folder: string, left: number): { path: string; stat: Stats }[] {
  try {
    const stat = lstatSync(folder);
    if (stat.isSymbolicLink()) return [];
    const found = [{ path: folder, stat }];
    if (!stat.isDirectory()) return found;
    for (const name of readdirSync(folder)) {
      if (found.length >= left) break;
      for (const entry of walk(join(folder, name), left - found.length)) found.push(entry);
    }
    return found;
  } catch {
    return [];
  }
}
