// Finds groups of the user whose members can become root, and whether the sandbox denies services the privileges of the group.
import { readFileSync } from "node:fs";
import type { Finding } from "../../backend/finding.ts";
import { rootGroups } from "../../backend/root-sockets.ts";
import { exec } from "../../base/exec.ts";
import { currentUser } from "../../base/user.ts";
import type { DoctorInput } from "./input.ts";
import { findings } from "./table.ts";

export async function groupFindings({ deps }: Pick<DoctorInput, "deps">): Promise<Finding[]> {
  const user = currentUser();
  // Root has these privileges without any group.
  if (user.uid === 0) return [];
  const names = membershipsIn(await groupDatabase(), user.name, process.getgroups?.() ?? []);
  if (names.length === 0) return [];
  const kind = deps?.backend.kind ?? null;
  const withheld = deps === null ? [] : await deps.backend.withheld("standard").catch(() => null);
  const open = kind !== "systemd" || withheld === null ? null : new Set(withheld.map(({ directive }) => directive));
  return judgeGroups(names, user, open);
}

/** The lines of /etc/group, and those of other databases such as LDAP if getent(1) is installed. */
async function groupDatabase(): Promise<string> {
  const asked = await exec(["getent", "group", ...rootGroups.map(({ name }) => name)], { timeoutMs: 5000 }).catch(() => null);
  return `${readGroups()}\n${asked?.stdout ?? ""}`;
}

function readGroups(): string {
  try {
    return readFileSync("/etc/group", "utf8");
  } catch {
    return "";
  }
}

/**
 * The groups of `rootGroups` that list this user as a member, or that this process has: after a change of the database the two
 * differ until the user manager is restarted. Pure.
 */
export function membershipsIn(database: string, user: string, gids: number[]): string[] {
  const lines = database.split("\n").map((line) => line.split(":"));
  return rootGroups
    .map(({ name }) => name)
    .filter((name) =>
      lines.some(
        ([group, , gid, members = ""]) => group === name && (gids.includes(Number(gid || Number.NaN)) || members.split(",").includes(user)),
      ),
    );
}

/** `withheld` names the sandbox directives that this host does not support; null if it supports none. Pure. */
export function judgeGroups(
  names: string[],
  { name: user, uid }: { name: string; uid: number },
  withheld: ReadonlySet<string> | null,
): Finding[] {
  return rootGroups
    .filter(({ name }) => names.includes(name))
    .map(({ name, gives, closedBy }) => {
      const isClosed = withheld !== null && !closedBy.some((directive) => withheld.has(directive));
      return findings.rootGroup({ user, uid, group: name, gives, isClosed });
    });
}
