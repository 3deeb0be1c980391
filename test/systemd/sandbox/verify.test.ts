// The verdict on a live process: recorded processes are effective, and with any single fact changed they are not.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { label, profileDirectives, waivedDirectives, wishedDirectives } from "../../../src/backend/sandbox.ts";
import { evidence } from "../../../src/systemd/sandbox/evidence.ts";
import type { HostProfile } from "../../../src/systemd/sandbox/host.ts";
import { type LiveText, type Outside, parseLive } from "../../../src/systemd/sandbox/live.ts";
import { type Declared, judgeSandbox } from "../../../src/systemd/sandbox/verify.ts";

type Recorded = Omit<LiveText, "mountinfo"> & { mountinfo: string[] };
type Fixture = { host: HostProfile; live: Recorded; outside: Recorded };

const standard: Fixture = await Bun.file(join(import.meta.dir, "../../fixtures/sandbox/standard.json")).json();
const strict: Fixture = await Bun.file(join(import.meta.dir, "../../fixtures/sandbox/strict.json")).json();
const project = "/home/ops/app";
const runtime = "/home/ops/rt/1/bs9";
const declared: Declared = {
  name: "web",
  profile: "standard",
  host: standard.host,
  opening: {
    writable: [project],
    readable: [],
    optional: [runtime],
    leads: {},
    programs: [runtime],
    cache: null,
    sockets: null,
    cwd: "/home/ops/web",
    narrowed: null,
    exposed: [],
  },
  isInSync: true,
  foreign: [],
  waived: [],
};

test("the sandbox of a recorded process is judged as effective, and the verdict covers every directive of the profile", () => {
  const verdict = judged({});
  expect(verdict).toMatchObject({ verdict: "effective", missing: [] });
  expect([...verdict.verified, ...verdict.probed].sort()).toEqual(
    [...new Set(profileDirectives("standard").map(({ name }) => name))].sort(),
  );
});

test("a directive that a host without hidepid cannot give to services of an ordinary user is listed as not held, and no profile promises it", () => {
  expect(judged({}).unheld).toEqual([expect.objectContaining({ directive: "ProtectProc=invisible" })]);
});

test("under strict the project is read-only", () => {
  const opening = { ...declared.opening, writable: [], readable: [project] };
  const ofStrict = { ...declared, profile: "strict" as const, host: strict.host, opening };
  expect(judgeSandbox(liveOf(strict.live), ofStrict, outsideOf(strict)).verdict).toBe("effective");
  const writable = { ...strict.live, mountinfo: strict.live.mountinfo.map((line) => line.replace(`${project} ro`, `${project} rw`)) };
  expect(judgeSandbox(liveOf(writable), ofStrict, outsideOf(strict)).missing.map(({ directive }) => directive)).toEqual([
    `BindReadOnlyPaths=${project}`,
  ]);
});

test("the verdict accepts a mount over ~/.cache for the cache of the service, and over no other directory", () => {
  const cache = "/home/ops/.local/state/bs9/cache/web";
  const shown = (real: string) =>
    mounts((line) => {
      const mount = line.replace(`${project} ${project} `, `${real} /home/ops/.cache `).replace(/^\d+/, "9001");
      return line.includes(` ${project} `) ? [line, mount] : line;
    })(standard.live);
  const missing = (real: string, opening: typeof declared.opening) =>
    judgeSandbox(liveOf(shown(real)), { ...declared, opening }, outsideOf(standard)).missing.map(({ directive }) => directive);
  expect(missing(cache, { ...declared.opening, cache })).toEqual([]);
  expect(missing("/home/ops/.ssh", { ...declared.opening, cache })).toEqual(["/home/ops/.cache"]);
  expect(missing(cache, declared.opening)).toEqual(["ProtectHome=tmpfs"]);
});

test.each(["standard", "strict"] as const)("every directive of %s has a check", (profile) => {
  expect([...profileDirectives(profile), ...wishedDirectives(profile)].filter(({ name }) => evidence[name] === undefined)).toEqual([]);
});

const asOutside = (name: keyof LiveText["ns"]) => (live: Recorded) => ({ ...live, ns: { ...live.ns, [name]: standard.outside.ns[name] } });
const status = (from: string | RegExp, to: string) => (live: Recorded) => ({ ...live, status: live.status.replace(from, to) });
const mounts = (change: (line: string) => string | string[]) => (live: Recorded) => ({
  ...live,
  mountinfo: live.mountinfo.flatMap(change),
});
const without = (point: string, kind: string) =>
  mounts((line) => (line.includes(` ${point} `) && line.includes(` - ${kind} `) ? [] : line));
const writable = (point: string) => mounts((line) => line.replace(` ${point} ro,`, ` ${point} rw,`));
const also = (...lines: string[]) =>
  mounts((line) => (line.includes(" / / ") ? [line, ...lines.map((one) => one.replace("ROOT", line.split(" ")[0] ?? ""))] : line));

/** Replaces the mount of /dev/shm of the recorded process by other lines. */
const ownShm = (...lines: string[]) => mounts((line) => (line.startsWith("346 344 ") ? lines : line));

const broken: [directive: string, what: string, (live: Recorded) => Recorded][] = [
  ["NoNewPrivileges", "the bit is not set", status("NoNewPrivs:\t1", "NoNewPrivs:\t0")],
  ["PrivateUsers", "the namespace is that of the host", asOutside("user")],
  ["PrivateUsers", "all users are mapped", (live) => ({ ...live, uidMap: "         0          0 4294967295" })],
  [
    "PrivateUsers",
    "a second range of users is mapped",
    (live) => ({ ...live, uidMap: `${live.uidMap}\n         0          0          1` }),
  ],
  ["PrivateTmp", "/tmp is that of the host", mounts((line) => (line.includes("/systemd-private-") && line.includes(" /tmp ") ? [] : line))],
  ["PrivateTmp", "/var/tmp is that of the host", mounts((line) => (line.includes(" /var/tmp ") ? [] : line))],
  ["PrivateDevices", "/dev is that of the host", mounts((line) => (/ \/dev(\/\S+)? r[ow],/.test(line) ? [] : line))],
  [
    "PrivateDevices",
    "a real device is visible",
    mounts((line) => (line.includes(" /dev/null ") ? [line, line.replaceAll("/null", "/sda").replace(/^\d+/, "9001")] : line)),
  ],
  [
    "TemporaryFileSystem",
    "/dev/shm is that of the host",
    ownShm("346 344 0:46 / /dev/shm rw,nosuid,nodev shared:96 master:5 - tmpfs tmpfs rw"),
  ],
  ["TemporaryFileSystem", "/dev/shm is a directory of the host", ownShm("346 344 8:1 /srv/shm /dev/shm rw,relatime - ext4 /dev/sda1 rw")],
  ["TemporaryFileSystem", "/dev/shm is a directory of another tmpfs", ownShm("346 344 0:30 /shm /dev/shm rw,relatime - tmpfs tmpfs rw")],
  ["TemporaryFileSystem", "/dev/shm is not mounted", ownShm()],
  ["TemporaryFileSystem", "/home can be written to, as systemd 252 leaves it under ProtectHome= alone", writable("/home")],
  ["TemporaryFileSystem", "/run/user can be written to", writable("/run/user")],
  ["PrivateIPC", "the namespace is that of the host", asOutside("ipc")],
  ["KeyringMode", "the probe has not proved the directive", (live) => live],
  ["ProtectSystem", "the mount namespace is that of the host", asOutside("mnt")],
  ["ProtectSystem", "/ is writable", writable("/")],
  ["ProtectSystem", "/run can be written to, as systemd 252 leaves it", writable("/run")],
  ["ProtectSystem", "a file system beside the root can be written to", also("9001 ROOT 8:1 / /srv rw,relatime - ext4 /dev/sda1 rw")],
  ["ReadOnlyPaths", "/run/lock can be written to", writable("/run/lock")],
  ["BindReadOnlyPaths", "/sys can be written to, as systemd 257 leaves it", writable("/sys")],
  ["ProtectHome", "/home is that of the host", without("/home", "tmpfs")],
  ["ProtectHome", "/root is that of the host", without("/root", "tmpfs")],
  ["ProtectHome", "/run/user is that of the host", without("/run/user", "tmpfs")],
  [
    "ProtectHome",
    "more of the home directory is visible than was asked for",
    mounts((line) => (line.includes(` ${project} `) ? [line, line.replaceAll(project, "/home/ops/.ssh").replace(/^\d+/, "9001")] : line)),
  ],
  [
    "InaccessiblePaths",
    "the directory of the system bus is that of the host",
    mounts((line) => (line.includes(" /run/dbus ") ? [] : line)),
  ],
  ["ProtectKernelTunables", "/proc/sys can be written to", writable("/proc/sys")],
  ["ProtectKernelTunables", "/sys can be written to", writable("/sys")],
  ["ProtectKernelModules", "the process has capabilities", status(/CapBnd:\t0+/, "CapBnd:\t000001ffffffffff")],
  ["ProtectControlGroups", "/sys/fs/cgroup can be written to", writable("/sys/fs/cgroup")],
  ["ProtectClock", "the process has capabilities", status(/CapBnd:\t0+/, "CapBnd:\t0000000002000000")],
  ["ProtectHostname", "the namespace is that of the host", asOutside("uts")],
  ...[
    "RestrictNamespaces",
    "RestrictRealtime",
    "RestrictSUIDSGID",
    "LockPersonality",
    "SystemCallArchitectures",
    "SystemCallFilter",
    "SystemCallErrorNumber",
    "RestrictAddressFamilies",
  ].flatMap((name): typeof broken => [
    [name, "there is no filter", status("Seccomp:\t2", "Seccomp:\t0")],
    [name, "a filter is missing", status("Seccomp_filters:\t33", "Seccomp_filters:\t32")],
  ]),
  ["CapabilityBoundingSet", "a capability is left", status(/CapBnd:\t0+/, "CapBnd:\t0000000000200000")],
  ["CapabilityBoundingSet", "a capability is held", status(/CapEff:\t0+/, "CapEff:\t0000000000200000")],
  ["UMask", "the umask lets others write", status("Umask:\t0022", "Umask:\t0002")],
];

describe("partial sandbox", () => {
  test.each(broken)("%s: %s", (name, _, change) => {
    const changed = change(standard.live);
    // A row that does not change the process removes the directive from those that the probe has shown to be in effect.
    const isChanged = changed !== standard.live;
    if (isChanged) expect(changed).not.toEqual(standard.live);
    const host = isChanged
      ? declared.host
      : { ...declared.host, probed: declared.host.probed.filter((one) => !one.startsWith(`${name}=`)) };
    const verdict = judgeSandbox(liveOf(changed), { ...declared, host }, outsideOf(standard));
    expect(verdict.verdict).toBe("partial");
    expect(verdict.missing.map(({ directive }) => directive.split("=")[0])).toContain(name);
    for (const { why, mend } of verdict.missing) expect([why, mend]).not.toContain("");
  });

  test("the table contains for each directive a process on which it is not in effect", () => {
    const names = new Set(profileDirectives("standard").map(({ name }) => name));
    expect([...names].filter((name) => !broken.some(([directive]) => directive === name))).toEqual([]);
  });

  test.each(profileDirectives("standard"))("a unit that lacks $name=$value is reported", (directive) => {
    const directives = declared.host.directives.filter((one) => one.name !== directive.name || one.value !== directive.value);
    const verdict = judged({ host: { ...declared.host, directives } });
    expect(verdict.missing).toContainEqual({
      directive: `${directive.name}=${directive.value}`,
      why: "the unit does not contain this directive",
      mend: "bs9 restart web",
    });
  });

  test("a directive that the host denies makes the sandbox partial, with the explanation for the denial", () => {
    const withheld = { directive: "ProtectClock=yes", why: "because", mend: "do this" };
    expect(judged({ host: { ...declared.host, withheld: [withheld] } })).toMatchObject({ verdict: "partial", missing: [withheld] });
  });

  test("a unit that is out of date or changed by a drop-in, and a project root that is the home directory, are reported", () => {
    expect(judged({ isInSync: false }).missing).toMatchObject([{ directive: "unit", mend: "bs9 restart web" }]);
    expect(judged({ foreign: ["ProtectHome= in /x.conf"] }).missing).toMatchObject([{ why: expect.stringContaining("/x.conf") }]);
    expect(judged({ opening: { ...declared.opening, sockets: "/x" } }).missing[0]?.directive).toBe("TemporaryFileSystem=/x");
    expect(judged({ opening: { ...declared.opening, narrowed: "home" } }).missing).toMatchObject([{ directive: "project root" }]);
  });
});

test("a system bus that the user opened is reported neither as missing nor as closed", () => {
  const live = liveOf(mounts((line) => (line.includes(" /run/dbus ") ? [] : line))(standard.live));
  const waived = waivedDirectives(["/run/dbus/system_bus_socket"]).map(label);
  expect(waived).toEqual(["InaccessiblePaths=-/run/dbus"]);
  const verdict = judgeSandbox(live, { ...declared, waived }, outsideOf(standard));
  expect(verdict).toMatchObject({ verdict: "effective", missing: [] });
  expect([...verdict.verified, ...verdict.probed]).not.toContain("InaccessiblePaths");
  expect(judgeSandbox(live, declared, outsideOf(standard)).verdict).toBe("partial");
  expect(judgeSandbox(live, declared, { ...outsideOf(standard), closed: new Map() }).verdict).toBe("effective");
});

test("each opened path with files of bs9 is reported in its own sentence", () => {
  const { verdict, missing } = judged({ opening: { ...declared.opening, narrowed: "bs9", exposed: ["/home/ops/.config"] } });
  expect(verdict).toBe("partial");
  expect(missing).toEqual([
    { directive: "project root", why: expect.stringContaining("bs9's own files"), mend: "move the project to a directory of its own" },
    { directive: "/home/ops/.config", why: expect.stringContaining("bs9's own files"), mend: expect.stringContaining("directory below") },
  ]);
});

test("additional seccomp filters and a stricter umask do not make a sandbox partial", () => {
  const live = liveOf(status("Umask:\t0022", "Umask:\t0077")(status("Seccomp_filters:\t33", "Seccomp_filters:\t35")(standard.live)));
  expect(judgeSandbox(live, declared, outsideOf(standard)).verdict).toBe("effective");
});

test("the verdict is unknown where the process has ended, and off where that was asked for", () => {
  expect(judgeSandbox(null, declared, outsideOf(standard)).verdict).toBe("unknown");
  expect(judged({ profile: "off" })).toEqual({ verdict: "off", verified: ["NoNewPrivileges"], probed: [], missing: [] });
});

function judged(change: Partial<Declared>) {
  return judgeSandbox(liveOf(standard.live), { ...declared, ...change }, outsideOf(standard));
}

function liveOf(recorded: Recorded) {
  return parseLive({ ...recorded, mountinfo: recorded.mountinfo.join("\n") });
}

const closed = new Map([["/run/dbus", "/run/dbus"]]);

function outsideOf({ outside }: Fixture): Outside {
  return { ...liveOf(outside), home: "/home/ops", homes: ["/home", "/root", "/run/user", "/home/ops"], hasModules: false, closed };
}
