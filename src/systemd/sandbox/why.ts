// Explains why a host denies a part of the sandbox, and how to change that.

import { readFileSync } from "node:fs";
import { namespaced } from "../../backend/sandbox.ts";
import type { Missing } from "../../backend/verdict.ts";
import { exec } from "../../base/exec.ts";
import { linkOf, readProc, statusField } from "../../base/proc.ts";
import { userNamespaceSettings } from "./host-cache.ts";
import { userManagerPid } from "./live.ts";

export type HostDenial = { why: string; mend: string };

/** Finds what denies user namespaces on this host. Null where no reason is found. */
export async function denialOf(uid: number): Promise<HostDenial | null> {
  if (linkOf("self/ns/user") === null) return { why: "the kernel has no user namespaces", mend: "use a kernel with CONFIG_USER_NS" };
  const settings = new Map(userNamespaceSettings());
  const setting = denyingSetting(settings);
  if (setting !== null) return setting;
  const unit = `user@${uid}.service`;
  const asked = await exec(["systemctl", "show", "--no-pager", "--property=RestrictNamespaces,FragmentPath,DropInPaths", unit], {
    timeoutMs: 5000,
  }).catch(() => null);
  const allowed = /^RestrictNamespaces=(.*)$/m.exec(asked?.stdout ?? "")?.[1] ?? "no";
  // `no` restricts nothing; otherwise the line lists the allowed kinds, or is `yes` if none is allowed.
  if (allowed !== "no" && !allowed.split(" ").includes("user")) {
    const files = [...(asked?.stdout ?? "").matchAll(/^(?:FragmentPath|DropInPaths)=(.*)$/gm)].flatMap(
      ([, paths]) => paths?.split(" ") ?? [],
    );
    const file = files.find((path) => setsIt(path)) ?? unit;
    return {
      why: `RestrictNamespaces= of ${unit} denies user namespaces to the user manager`,
      mend: `remove RestrictNamespaces= from ${file}, then: sudo systemctl daemon-reload && sudo systemctl restart ${unit}`,
    };
  }
  const filters = Number(statusField(readProc(`${userManagerPid(uid) ?? "self"}/status`) ?? "", "Seccomp") ?? 0);
  if (filters === 2) {
    return {
      why: "a system call filter on the user manager, such as that of a container, denies user namespaces",
      mend: "start the container or the user manager with a filter that allows unshare(CLONE_NEWUSER)",
    };
  }
  return null;
}

function setsIt(path: string): boolean {
  try {
    return /^\s*RestrictNamespaces=/m.test(readFileSync(path, "utf8"));
  } catch {
    return false;
  }
}

/** Pure. */
export function denyingSetting(settings: Map<string, string | null>): HostDenial | null {
  if (settings.get("kernel.apparmor_restrict_unprivileged_userns") === "1") {
    return {
      why: "AppArmor denies user namespaces to programs without a profile that allows them",
      mend: persistent("kernel.apparmor_restrict_unprivileged_userns=0"),
    };
  }
  if (settings.get("kernel.unprivileged_userns_clone") === "0") {
    return { why: "the kernel denies user namespaces to ordinary users", mend: persistent("kernel.unprivileged_userns_clone=1") };
  }
  if (settings.get("user.max_user_namespaces") === "0") {
    return { why: "the kernel allows no user namespace", mend: persistent("user.max_user_namespaces=15000") };
  }
  return null;
}

/** Pure. `directive` is `NAME=VALUE`, `status` an exit status of systemd.exec(5). */
export function whyDenied(directive: string, status: number, denial: HostDenial | null): Missing {
  const name = directive.slice(0, directive.indexOf("="));
  if (denial !== null && namespaced.has(name))
    return { directive, why: `this directive needs a user namespace: ${denial.why}`, mend: denial.mend };
  const what =
    status === 217
      ? "this host denies user namespaces, and bs9 could not find out why"
      : `systemd cannot set it up on this host (${statuses[status] ?? "exit"} ${status})`;
  return { directive, why: what, mend: "find the reason: journalctl -b -g 'Failed at step'" };
}

const statuses: Record<number, string> = { 217: "USER", 218: "CAPABILITIES", 226: "NAMESPACE", 227: "NO_NEW_PRIVILEGES", 228: "SECCOMP" };

const persistent = (setting: string): string => `echo ${setting} | sudo tee /etc/sysctl.d/60-bs9.conf && sudo sysctl --system`;
