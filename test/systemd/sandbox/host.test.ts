// Which part of a profile remains on hosts that deny some of it: the search, with simulated trials of such hosts.
import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootSockets } from "../../../src/backend/root-sockets.ts";
import { type Directive, label, namespaced, profileDirectives, wishedDirectives } from "../../../src/backend/sandbox.ts";
import { findHeldDirectives } from "../../../src/systemd/sandbox/host.ts";
import { type HostProfile, readCached, writeCached } from "../../../src/systemd/sandbox/host-cache.ts";
import { type LiveText, type Outside, parseLive } from "../../../src/systemd/sandbox/live.ts";
import type { ProbeRun } from "../../../src/systemd/sandbox/probe.ts";
import { denyingSetting, whyDenied } from "../../../src/systemd/sandbox/why.ts";

type Recorded = Omit<LiveText, "mountinfo"> & { mountinfo: string[] };
const fixture: { live: Recorded; outside: Recorded } = await Bun.file(join(import.meta.dir, "../../fixtures/sandbox/standard.json")).json();
const text = (recorded: Recorded): LiveText => ({ ...recorded, mountinfo: recorded.mountinfo.join("\n") });
const outside: Outside = {
  ...parseLive(text(fixture.outside)),
  home: "/home/ops",
  homes: ["/home", "/root", "/run/user", "/home/ops"],
  hasModules: false,
  closed: new Map([["/run/dbus", "/run/dbus"]]),
};

const directives = profileDirectives("standard");
const wished = wishedDirectives("standard");
const asTold = [
  ["socket packet", "EAFNOSUPPORT"],
  ...["user", "mnt", "uts", "ipc", "pid", "net", "cgroup"].map((kind) => [`unshare ${kind}`, "EPERM"]),
  ...["personality", "real time", "setuid bit", "settimeofday", "chroot", "setpriority", "mount", "ptrace", "perf_event_open"].map(
    (name) => [name, "EPERM"],
  ),
  ["other ABI", "SIGSYS"],
  ["keyring", "own"],
  ["stranger", "EACCES"],
  ...rootSockets.flatMap(({ sockets }) => sockets.map((socket) => [`connect ${socket}`, "ENOENT"])),
  ["connect /run/dbus/system_bus_socket", "EACCES"],
  ["connect /run/user/1001/bus", "ENOENT"],
  ["connect /run/user/1001/systemd/private", "ENOENT"],
];
const outcomes: Record<string, string> = Object.fromEntries(asTold);
const scratch = "/home/ops/app";
const reported = (change: Record<string, string> = {}, live = fixture.live): ProbeRun => ({
  kind: "reported",
  scratch,
  report: { outcomes: { ...outcomes, ...change }, live: text(live) },
});
const names = (list: Directive[]) => list.map(({ name }) => name);

describe("sandbox search", () => {
  test("the search for sandbox directives runs one probe on a host that provides everything, and keeps optional directives without effect in the unit", async () => {
    const { found, trials } = await search(() => reported());
    expect(trials).toHaveLength(1);
    expect(found.directives).toEqual([...directives, ...wished]);
    expect(found.voided.map(({ directive }) => directive)).toEqual(["ProtectProc=invisible"]);
    expect(found).toMatchObject({ denied: new Map(), filters: 33 });
  });

  test("on a host that denies user namespaces the sandbox keeps the directives that need none", async () => {
    const { found, trials } = await search((list) =>
      list.some(({ name }) => namespaced.has(name)) ? { kind: "denied", status: 217 } : reported(),
    );
    expect(names(found.directives)).toEqual(names(directives).filter((name) => !namespaced.has(name)));
    expect(found.directives.map(label)).toContain("SystemCallFilter=~@privileged @resources");
    // Three trials: all, the plain ones, and one with PrivateUsers. The rest cannot work for an ordinary user.
    expect(trials).toHaveLength(3);
    expect(found.denied.get("ProtectHome=tmpfs")).toBe(217);
  });

  test("the search for sandbox directives tries each one as root, even without a user namespace", async () => {
    const answer = (list: Directive[]): ProbeRun => (names(list).includes("PrivateUsers") ? { kind: "denied", status: 217 } : reported());
    const { found } = await search(answer, true);
    expect([...found.denied.keys()]).toEqual(["PrivateUsers=yes"]);
    expect(found.directives).toHaveLength(directives.length + wished.length - 1);
  });

  test("the search for sandbox directives drops a single one that fails and keeps the others", async () => {
    const answer = (list: Directive[]): ProbeRun =>
      names(list).includes("ProtectHostname") ? { kind: "denied", status: 226 } : reported();
    const { found } = await search(answer);
    expect([...found.denied]).toEqual([["ProtectHostname=yes", 226]]);
    expect(found.directives).toEqual(
      [...directives, ...wished].filter(({ name }) => name !== "ProtectHostname").sort((a, b) => order(a) - order(b)),
    );
  });

  test("the search for sandbox directives also drops one that fails and needs no namespace", async () => {
    const answer = (list: Directive[]): ProbeRun =>
      names(list).includes("SystemCallFilter") ? { kind: "denied", status: 228 } : reported();
    const { found } = await search(answer);
    expect([...found.denied.keys()]).toEqual(directives.filter(({ name }) => name === "SystemCallFilter").map(label));
  });

  test.each([
    ["RestrictNamespaces=yes", { "unshare net": "EINVAL" }],
    ["RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK", { "socket packet": "EPERM" }],
    ["LockPersonality=yes", { personality: "done" }],
    ["RestrictSUIDSGID=yes", { "setuid bit": "done" }],
    ["RestrictRealtime=yes", { "real time": "EINVAL" }],
    ["SystemCallArchitectures=native", { "other ABI": "done" }],
    ["SystemCallArchitectures=native", { "other ABI": "EACCES" }],
    ["SystemCallFilter=@system-service", { ptrace: "ESRCH" }],
    ["SystemCallFilter=~@privileged @resources", { setpriority: "EINVAL" }],
    ["SystemCallErrorNumber=EPERM", { mount: "ENOSYS" }],
    ["KeyringMode=private", { keyring: "somebody else's" }],
    ["ProtectClock=yes", { settimeofday: "EFAULT" }],
    ["PrivateUsers=yes", { stranger: "done" }],
    ["PrivateTmp=yes", { "see /tmp/bs9-probe-1": "done" }],
    ["TemporaryFileSystem=/dev/shm:mode=1777,size=50%", { "see /dev/shm/bs9-probe-1": "done" }],
    ["ProtectSystem=strict", { "write /run/lock": "done" }],
    ["InaccessiblePaths=-/run/dbus", { "connect /run/dbus/system_bus_socket": "done" }],
    ["InaccessiblePaths=-/run/dbus", { "connect /run/dbus/system_bus_socket": "ECONNREFUSED" }],
    ["InaccessiblePaths=-/run/docker.sock", { "connect /run/docker.sock": "done" }],
    ["InaccessiblePaths=-/run/libvirt", { "connect /run/libvirt/virtqemud-sock": "done" }],
    ["ProtectHome=tmpfs", { "connect /run/user/1001/bus": "done" }],
    ["ProtectHome=tmpfs", { "connect /run/user/1001/systemd/private": "ECONNREFUSED" }],
  ])("a unit does not contain %s on a host that accepts this directive but does not enforce it", async (directive, change) => {
    const { found } = await search(() => reported(change));
    expect(found.voided.map((one) => one.directive)).toContain(directive);
    expect(found.directives.map(label)).not.toContain(directive);
    expect(found.probed).not.toContain(directive);
  });

  test("the search for sandbox directives throws if the probe fails", async () => {
    await expect(search(() => ({ kind: "broken", why: "timeout" }))).rejects.toThrow("cannot test the sandbox: timeout");
    await expect(search(() => ({ kind: "denied", status: 203 }))).rejects.toThrow("203");
  });
});

test.each([
  ["kernel.apparmor_restrict_unprivileged_userns", "1", "AppArmor"],
  ["kernel.unprivileged_userns_clone", "0", "kernel"],
  ["user.max_user_namespaces", "0", "kernel"],
])("the kernel setting %s=%s is named as the cause, with the command line that changes it", (name, value, who) => {
  const denial = denyingSetting(new Map([[name, value]]));
  const { directive, why, mend } = whyDenied("ProtectHome=tmpfs", 217, denial);
  expect([directive, why]).toEqual(["ProtectHome=tmpfs", expect.stringContaining(who)]);
  expect(mend).toContain(`${name}=`);
  expect(denyingSetting(new Map([[name, value === "0" ? "1" : "0"]]))).toBeNull();
});

test("the cache is written whole and for its owner only, and an invalid cache counts as empty", () => {
  const folder = mkdtempSync(join(tmpdir(), "bs9-test-"));
  const host: HostProfile = { directives: [{ name: "UMask", value: "0022" }], withheld: [], probed: [], filters: 3 };
  expect(readCached(folder, "standard", "k")).toBeNull();
  writeCached(folder, "standard", "k", host);
  writeCached(folder, "strict", "k", { ...host, filters: 4 });
  expect(readCached(folder, "standard", "k")).toEqual(host);
  expect(readCached(folder, "strict", "k")?.filters).toBe(4);
  expect(readCached(folder, "standard", "another")).toBeNull();
  const file = join(folder, "host.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  writeFileSync(file, readFileSync(file, "utf8").slice(0, 40));
  expect(readCached(folder, "standard", "k")).toBeNull();
  writeCached(folder, "standard", "k", host);
  expect(readCached(folder, "standard", "k")).toEqual(host);
});

async function search(answer: (list: Directive[]) => ProbeRun, isRoot = false) {
  const trials: Directive[][] = [];
  const trial = async (list: Directive[]) => {
    trials.push(list);
    return answer(list);
  };
  return { found: await findHeldDirectives(directives, wished, { trial, outside, isRoot }), trials };
}

/** The plain directives come first, then those that were found one by one. */
function order(directive: Directive): number {
  return (namespaced.has(directive.name) ? 100 : 0) + [...directives, ...wished].findIndex((one) => label(one) === label(directive));
}
