// Which groups doctor calls as good as root, and what it says of services beside them.
import { expect, test } from "bun:test";
import { rootGroups } from "../../src/backend/root-sockets.ts";
import { label, profileDirectives } from "../../src/backend/sandbox.ts";
import { judgeGroups, membershipsIn } from "../../src/lifecycle/doctor/groups.ts";

const ops = { name: "ops", uid: 1001 };
const database =
  "root:x:0:\ndisk:x:6:\nsudo:x:27:ops\ndocker:x:998:dev,ops\nlxd:x:997:opsy\nlibvirt:x:996:ops\nincus-admin:x:995:\nincus:x:994:ops\n";

test("a group counts where it lists the user, or where a process of the user has it", () => {
  expect(membershipsIn(database, "ops", [1001])).toEqual(["docker", "libvirt"]);
  expect(membershipsIn(database, "nobody", [1001, 6, 995])).toEqual(["incus-admin", "disk"]);
  expect(membershipsIn(database, "op", [1001])).toEqual([]);
});

test("lines that are not lines of group(5) are no group", () => {
  expect(membershipsIn("docker\ndocker:x\ndocker::::\ndisk:x:notanumber:\n", "ops", [0, 6])).toEqual([]);
});

test("where the sandbox closes what the group gives it is a note, elsewhere a warning", () => {
  expect(judgeGroups(["docker"], ops, new Set())).toMatchObject([
    {
      id: "root-group",
      severity: "note",
      what: "ops is in the group docker, which is as good as root",
      why: expect.stringContaining("the sandbox keeps services from it"),
    },
  ]);
  for (const withheld of [null, new Set(["InaccessiblePaths=-/run/docker.sock"])])
    expect(judgeGroups(["docker"], ops, withheld)).toMatchObject([
      {
        severity: "warning",
        why: expect.stringContaining("services here are not kept from it"),
        mend: expect.stringContaining("gpasswd --delete ops docker"),
      },
    ]);
});

test("each group is closed by directives that the profiles have", () => {
  const labels = profileDirectives("standard").map(label);
  for (const { closedBy } of rootGroups) expect(labels).toEqual(expect.arrayContaining(closedBy));
});
