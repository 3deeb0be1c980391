// Which groups doctor reports as good as root, and what it says about services.
import { expect, test } from "bun:test";
import { rootGroups } from "../../src/backend/root-sockets.ts";
import { label, profileDirectives } from "../../src/backend/sandbox.ts";
import { judgeGroups, membershipsIn } from "../../src/lifecycle/doctor/groups.ts";

const ops = { name: "ops", uid: 1001 };
const database =
  "root:x:0:\ndisk:x:6:\nsudo:x:27:ops\ndocker:x:998:dev,ops\nlxd:x:997:opsy\nlibvirt:x:996:ops\nincus-admin:x:995:\nincus:x:994:ops\n";

test("doctor counts the user as a member of a group if the group lists the user, or if a process of the user has the group", () => {
  expect(membershipsIn(database, "ops", [1001])).toEqual(["docker", "libvirt"]);
  expect(membershipsIn(database, "nobody", [1001, 6, 995])).toEqual(["incus-admin", "disk"]);
  expect(membershipsIn(database, "op", [1001])).toEqual([]);
});

test("lines that break the format of group(5) are ignored", () => {
  expect(membershipsIn("docker\ndocker:x\ndocker::::\ndisk:x:notanumber:\n", "ops", [0, 6])).toEqual([]);
});

test("doctor reports a group that can become root as a note if the sandbox denies its privileges to services, else as a warning", () => {
  expect(judgeGroups(["docker"], ops, new Set())).toMatchObject([
    {
      id: "root-group",
      severity: "note",
      what: "ops is in the group docker, which is as good as root",
      why: expect.stringContaining("the sandbox denies this to services"),
    },
  ]);
  for (const withheld of [null, new Set(["InaccessiblePaths=-/run/docker.sock"])])
    expect(judgeGroups(["docker"], ops, withheld)).toMatchObject([
      {
        severity: "warning",
        why: expect.stringContaining("services here can do the same"),
        mend: expect.stringContaining("gpasswd --delete ops docker"),
      },
    ]);
});

test("the directives that deny services the privileges of a group are part of the profile standard", () => {
  const labels = profileDirectives("standard").map(label);
  for (const { closedBy } of rootGroups) expect(labels).toEqual(expect.arrayContaining(closedBy));
});
