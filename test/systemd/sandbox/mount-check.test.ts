// The verdict of the check on mounts of systemd. The mounts are recorded; awk is real.
import { afterAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { profileDirectives } from "../../../src/backend/sandbox.ts";
import { type ExpectedMount, expectedMountsOf, mountCheck } from "../../../src/systemd/sandbox/mount-check.ts";
import { run, tempDir } from "../../harness.ts";

const folder = tempDir();
afterAll(() => rmSync(folder, { recursive: true }));

/** A host whose home directory is a separate file system, and the mounts that systemd adds. */
const machine = `
20 1 8:1 / / ro,relatime - ext4 /dev/sda1 rw
21 20 8:2 /@home /home rw,relatime - btrfs /dev/sda2 rw
22 21 8:3 / /home/ops/disk rw,relatime - ext4 /dev/sdb rw
23 20 0:30 / /tmp rw - tmpfs tmpfs rw
24 21 0:40 / /home/ops/far rw,relatime - nfs4 server:/far rw
`.trim();
const added = (...lines: string[]) =>
  [
    machine,
    "40 20 0:50 / /home rw - tmpfs tmpfs rw",
    "41 23 0:30 /systemd-private-1-x.service-y/tmp /tmp rw - tmpfs tmpfs rw",
    ...lines,
  ].join("\n");

async function checked(mountinfo: string, places: ExpectedMount[]): Promise<{ code: number; said: string }> {
  const file = join(folder, "mountinfo");
  writeFileSync(file, `${mountinfo}\n`);
  const words = mountCheck("web", places, profileDirectives("standard"), "/home/ops") ?? [];
  const { code, stdout } = await run(words.map((word) => word.replace("/proc/self/mountinfo", file)));
  return { code, said: stdout };
}
const at = (path: string, change: Partial<ExpectedMount> = {}): ExpectedMount => ({ path, real: path, isOptional: false, ...change });
const ok = { code: 0, said: "" };
const refused = (why: string) => ({ code: 199, said: expect.stringContaining(why) });

test.each([
  ["a directory below home", "42 40 8:2 /@home/ops/app /home/ops/app rw - btrfs /dev/sda2 rw", at("/home/ops/app")],
  [
    "a path with a space and a backslash",
    "42 40 8:2 /@home/ops/a\\040b\\134c /home/ops/a\\040b\\134c rw - btrfs x rw",
    at("/home/ops/a b\\c"),
  ],
  ["a directory on a disk below home", "42 40 8:3 /app /home/ops/disk/app rw - ext4 /dev/sdb rw", at("/home/ops/disk/app")],
  ["the disk itself", "42 40 8:3 / /home/ops/disk rw - ext4 /dev/sdb rw", at("/home/ops/disk")],
  ["a system directory", "42 20 8:1 /srv/app /srv/app rw - ext4 /dev/sda1 rw", at("/srv/app")],
  ["a directory below /tmp", "42 41 0:30 /app /tmp/app rw - tmpfs tmpfs rw", at("/tmp/app")],
  ["/tmp of the machine over the own one", "42 41 0:30 / /tmp rw - tmpfs tmpfs rw", at("/tmp")],
  ["a link of its owner", "42 40 8:2 /@home/ops/lib-1 /home/ops/lib ro - btrfs x rw", at("/home/ops/lib", { real: "/home/ops/lib-1" })],
  ["NFS, which reports no directory", "42 40 0:40 / /home/ops/far/app rw - nfs4 server:/far rw", at("/home/ops/far/app")],
  ["a missing optional path", "42 40 8:2 /@home/ops/app /home/ops/app rw - btrfs x rw", at("/home/ops/gone", { isOptional: true })],
] as const)("%s is accepted", async (_, line, place) => {
  expect(await checked(added(line), [place])).toMatchObject(ok);
});

test.each([
  ["another directory of the same file system", "42 40 8:2 /@home/ops/.ssh /home/ops/app rw - btrfs x rw", at("/home/ops/app")],
  ["a directory of the same name on another file system", "42 40 8:3 /@home/ops/app /home/ops/app rw - ext4 x rw", at("/home/ops/app")],
  ["a directory that was renamed since", "42 40 8:2 /@home/ops/kept /home/ops/app rw - btrfs x rw", at("/home/ops/app")],
  ["a directory that was removed since", "42 40 8:2 /@home/ops/app//deleted /home/ops/app rw - btrfs x rw", at("/home/ops/app")],
  [
    "an optional path that leads elsewhere",
    "42 40 8:2 /@home/ops/.ssh /home/ops/lib ro - btrfs x rw",
    at("/home/ops/lib", { isOptional: true }),
  ],
  [
    "a link of its owner that leads elsewhere by now",
    "42 40 8:2 /@home/ops/lib-2 /home/ops/lib ro - btrfs x rw",
    at("/home/ops/lib", { real: "/home/ops/lib-1" }),
  ],
  ["a system directory that leads into home", "42 20 8:2 /@home/ops/.ssh /srv/app rw - btrfs x rw", at("/srv/app")],
] as const)("%s is refused", async (_, line, place) => {
  expect(await checked(added(line), [place])).toEqual(refused("was replaced by a symbolic link"));
});

test("the mount check reports a mount that a symbolic link has redirected elsewhere", async () => {
  expect(await checked(added("42 40 8:2 /@home/ops/.ssh /home/ops/.ssh rw - btrfs x rw"), [at("/home/ops/app")])).toEqual(
    refused("is not mounted"),
  );
});

test("the mount check uses the visible one of two mounts on the same mount point", async () => {
  const [good, bad] = ["8:2 /@home/ops/app /home/ops/app rw - btrfs x rw", "8:2 /@home/ops/.ssh /home/ops/app rw - btrfs x rw"];
  expect(await checked(added(`42 40 ${bad}`, `43 42 ${good}`), [at("/home/ops/app")])).toMatchObject(ok);
  expect(await checked(added(`42 40 ${good}`, `43 42 ${bad}`), [at("/home/ops/app")])).toEqual(refused("was replaced"));
});

test("a unit without mounts of its own has no mount check", () => {
  const opening = { writable: ["/home/ops/app"], readable: [], optional: [], leads: {}, cache: null };
  expect(mountCheck("web", expectedMountsOf(opening, "/home/ops"), profileDirectives("off"), "/home/ops")).toBeNull();
});
