// Finds what a path leads to, from the mounts of a process.
import { expect, test } from "bun:test";
import { Mounts } from "../../../src/systemd/sandbox/mounts.ts";
import { hasOwnFiles } from "../../../src/systemd/sandbox/placed.ts";

const line = (id: number, parent: number, point: string, rest = "8:1 /", options = "rw") => {
  const [device, root] = rest.split(" ");
  return `${id} ${parent} ${device} ${root} ${point} ${options},relatime shared:1 master:2 - ext4 /dev/sda1 rw,discard`;
};

test("a path lies on the mount with the longest mount point above it, and not on one whose name only begins in the same way", () => {
  const mounts = new Mounts([line(1, 0, "/"), line(2, 1, "/srv"), line(3, 2, "/srv/a")].join("\n"));
  expect(["/", "/srvx", "/srv", "/srv/ab", "/srv/a/b"].map((path) => mounts.at(path)?.id)).toEqual(["1", "1", "2", "2", "3"]);
});

test("the later of two mounts on the same mount point covers the earlier one, and is the visible one", () => {
  const mounts = new Mounts([line(1, 0, "/"), line(2, 1, "/tmp"), line(3, 2, "/tmp", "0:9 /x/tmp")].join("\n"));
  expect(mounts.at("/tmp/file")?.id).toBe("3");
  expect(mounts.visible(({ point }) => point === "/tmp").map(({ id }) => id)).toEqual(["3"]);
});

test("mounts below a directory that was mounted over are hidden", () => {
  const mounts = new Mounts([line(1, 0, "/"), line(2, 1, "/run/user/1001"), line(3, 1, "/run/user")].join("\n"));
  expect(mounts.at("/run/user/1001")?.id).toBe("3");
  expect(mounts.visible(() => true).map(({ id }) => id)).toEqual(["1", "3"]);
});

test("the same directory compares equal from every namespace", () => {
  const outside = new Mounts([line(1, 0, "/"), line(2, 1, "/home", "8:2 /")].join("\n"));
  const inside = new Mounts([line(7, 0, "/"), line(8, 7, "/home", "0:50 /"), line(9, 8, "/home/ops/app", "8:2 /ops/app")].join("\n"));
  expect(inside.placeOf("/home/ops/app/x")).toBe(outside.placeOf("/home/ops/app/x"));
  expect(inside.placeOf("/home/ops")).not.toBe(outside.placeOf("/home/ops"));
  expect(inside.placeOf("/etc")).toBe(outside.placeOf("/etc"));
});

test("spaces in a path, the read-only flag and the options of the file system are parsed", () => {
  const text = `${line(1, 0, "/")}\n2 1 0:5 / /a\\040b\\134c ro,nosuid - proc proc rw,hidepid=invisible,subset=pid\n`;
  expect(new Mounts(text).at("/a b\\c")).toMatchObject({
    readOnly: true,
    kind: "proc",
    superOptions: ["rw", "hidepid=invisible", "subset=pid"],
  });
});

test("no mount is found for a path if the list of mounts is empty", () => {
  expect(new Mounts("").at("/")).toBeUndefined();
  expect(new Mounts("garbage\n").placeOf("/")).toBeUndefined();
});

test("a directory has files of its own only under a temporary file system that is mounted there as a whole", () => {
  const has = (mount: string, path = "/run/x") => hasOwnFiles({ live: { mounts: new Mounts(`${line(1, 0, "/")}\n${mount}`) } }, path);
  expect(has("2 1 0:9 / /run/x rw - tmpfs tmpfs rw")).toBe(true);
  expect(has("2 1 0:9 / /run/x rw - tmpfs tmpfs rw", "/run/x/below")).toBe(false);
  expect(has("2 1 0:9 /bs9/x /run/x rw - tmpfs tmpfs rw")).toBe(false);
  expect(has("2 1 8:1 / /run/x rw - ext4 /dev/sda1 rw")).toBe(false);
});
