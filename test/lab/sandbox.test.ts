// The sandbox on a real systemd: the results of the probe, and the reports of bs9 on live services, on hosts that provide all
// of it, most or little.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { label, profileDirectives, wishedDirectives } from "../../src/backend/sandbox.ts";
import type { Description } from "../../src/lifecycle/describe.ts";
import type { HostProfile } from "../../src/systemd/sandbox/host.ts";
import { type Lab, lab, succeed, type User } from "../harness.ts";

const app = `
const { readFileSync, writeFileSync } = require("node:fs");
const tried = (act) => { try { act(); return "done"; } catch (error) { return error.code; } };
Bun.serve({ port: Number(process.env.PORT), fetch: () => Response.json({
  project: tried(() => writeFileSync("written", "x")),
  opened: tried(() => writeFileSync("/home/ops/open/written", "x")),
  secret: tried(() => readFileSync("/home/ops/.ssh/id")),
  lock: tried(() => writeFileSync("/run/lock/written", "x")),
}) });
`;
const project = async (it: Lab, user: User) => {
  await it.writeFile(user, "app/app.ts", app);
  await it.writeFile(user, "app/package.json", "{}");
};
const bs9 = (it: Lab, user: User, ...argv: string[]) => it.asUser(user, ["bs9", ...argv]);
const described = async (it: Lab, user: User): Promise<Description["sandbox"]> => {
  const { stdout } = succeed(await bs9(it, user, "describe", "web", "--json"), "describe");
  return (JSON.parse(stdout) as Description).sandbox;
};
const answered = async (it: Lab, port: number): Promise<Record<string, string>> => JSON.parse((await it.fetch({ port })).text);
const probe = async <T>(it: Lab, user: User, ...words: string[]): Promise<T> => {
  const argv = ["bs9", "/src/test/fixtures/sandbox-probe.ts", ...words];
  return JSON.parse(succeed(await it.asUser(user, argv, { env: { BUN_BE_BUN: "1" } }), words.join(" ")).stdout);
};
type Tried = { host: HostProfile; tookMs: number };

describe("a complete host", () => {
  let it: Lab;
  beforeAll(async () => {
    it = await lab("sandbox", { bs9: ["ops", "root"] });
    await it.writeFile("ops", ".ssh/id", "secret", "600");
    await it.writeFile("ops", "open/kept", "");
    await project(it, "ops");
    await project(it, "root");
  });
  afterAll(() => it.down());

  test.each([
    ["ops", "standard", wishedDirectives("standard").map(label)],
    ["ops", "strict", wishedDirectives("strict").map(label)],
    ["root", "standard", []],
    ["root", "strict", []],
  ] as const)("%s, %s: every directive of the profile is in effect", async (user, profile, withheld) => {
    const first = await probe<Tried>(it, user, "host", profile);
    expect(first.host.directives).toEqual([...profileDirectives(profile), ...wishedDirectives(profile)]);
    expect(first.host.withheld.map(({ directive }) => directive)).toEqual([...withheld]);
    const again = await probe<Tried>(it, user, "host", profile);
    expect(again.host).toEqual(first.host);
    expect(again.tookMs).toBeLessThan(first.tookMs / 2);
  });

  test("the probe leaves nothing behind, and removes what a killed probe left", async () => {
    const old =
      "mkdir -p .cache/bs9/bs9-probe-1-a /run/user/1001/systemd/user; touch -d '2 minutes ago' .cache/bs9/bs9-probe-1-a /tmp/bs9-probe-1-a /run/user/1001/systemd/user/bs9-probe-1-a.service; rm .cache/bs9/host.json";
    await it.asUser("ops", ["sh", "-c", old]);
    // A link of another user to a file of this user cannot be removed, and prevents nothing.
    await it.asUser("ops", ["touch", "-d", "2 minutes ago", "/var/tmp/of-ops"]);
    await it.asUser("dev", ["ln", "-s", "/var/tmp/of-ops", "/tmp/bs9-probe-2-b"]);
    await probe<Tried>(it, "ops", "host", "standard");
    const left =
      "ls .cache/bs9 /run/user/1001/systemd/user /tmp /var/tmp /dev/shm | grep bs9-probe; systemctl --user list-units --all --plain --no-legend 'bs9-probe*'";
    expect((await it.asUser("ops", ["sh", "-c", left])).stdout).toBe("bs9-probe-2-b\n");
  });

  // nspawn(1) puts a pipe in place of /proc/kmsg, on which nothing can be mounted.
  test("a single directive that this host cannot set up is found, and the others are kept", async () => {
    const found = await probe<{ denied: [string, number][]; directives: unknown[] }>(it, "ops", "find", "ProtectKernelLogs=yes");
    expect(found.denied).toEqual([["ProtectKernelLogs=yes", 226]]);
    expect(found.directives).toHaveLength(profileDirectives("standard").length);
  });

  test.each([
    ["ops", "standard", 4310, 1.7],
    ["ops", "strict", 4311, 1.6],
    ["root", "standard", 4312, 1.7],
    ["root", "strict", 4313, 1.6],
  ] as const)("%s, %s: the sandbox is effective, with the expected exposure", async (user, profile, port, exposure) => {
    succeed(
      await bs9(it, user, "start", "app/app.ts", "--name", "web", "--port", String(port), "--sandbox", profile, "--require-sandbox"),
      "start",
    );
    expect(await described(it, user)).toMatchObject({ verdict: "effective", missing: [] });
    const analysed = await it.asUser(user, ["systemd-analyze", "--user", "security", "--no-pager", "web.service"]);
    expect(Number(/level for web.service: ([\d.]+)/.exec(analysed.stdout)?.[1])).toBeLessThanOrEqual(exposure);
    const { project: written, secret, lock } = await answered(it, port);
    expect({ written, secret, lock }).toEqual({ written: profile === "standard" ? "done" : "EROFS", secret: "ENOENT", lock: "EROFS" });
    await bs9(it, user, "delete", "web", "--yes");
  });

  test("with --sandbox strict, --writable opens exactly the named path", async () => {
    const argv = ["start", "app/app.ts", "--name", "web", "--port", "4314", "--sandbox", "strict", "--writable", "open"];
    succeed(await bs9(it, "ops", ...argv), "start");
    expect(await answered(it, 4314)).toMatchObject({ project: "EROFS", opened: "done", secret: "ENOENT" });
    expect((await described(it, "ops")).verdict).toBe("effective");
    await bs9(it, "ops", "delete", "web", "--yes");
  });

  test("a drop-in that weakens the sandbox is reported, and a harmless one is not", async () => {
    succeed(await bs9(it, "ops", "start", "app/app.ts", "--name", "web", "--port", "4315"), "start");
    const dropIn = ".config/systemd/user/web.service.d/own.conf";
    const restarted = async (text: string) => {
      await it.writeFile("ops", dropIn, text);
      await it.asUser("ops", ["sh", "-c", "systemctl --user daemon-reload && systemctl --user restart web"]);
      return described(it, "ops");
    };
    expect(await restarted("[Service]\nTimeoutStopSec=9\n")).toMatchObject({ verdict: "effective" });
    const { verdict, missing } = await restarted("[Service]\nProtectHome=no\nTemporaryFileSystem=\nUMask=0000\n");
    expect(verdict).toBe("partial");
    expect(missing.map(({ directive }) => directive)).toEqual(
      expect.arrayContaining(["unit", "ProtectHome=tmpfs", "TemporaryFileSystem=/home:ro", "UMask=0022"]),
    );
    await it.asUser("ops", ["rm", dropIn]);
    await bs9(it, "ops", "delete", "web", "--yes");
  });
});

test("on a host that denies user namespaces the sandbox is partial with a reason, --require-sandbox is refused, and after the fix it is effective", async () => {
  await using it = await lab("denied", { userNamespaces: false });
  await project(it, "ops");
  const argv = ["start", "app/app.ts", "--name", "web", "--port", "4316"];
  const refused = await bs9(it, "ops", ...argv, "--require-sandbox");
  expect(refused.code).toBe(6);
  await expect(it.fetch({ port: 4316 })).rejects.toThrow("does not answer");

  succeed(await bs9(it, "ops", ...argv), "start");
  const { verdict, missing, probed } = await described(it, "ops");
  expect(verdict).toBe("partial");
  const lacking = missing.find(({ directive }) => directive === "ProtectHome=tmpfs");
  expect(lacking?.why).toContain("RestrictNamespaces= of user@1001.service");
  const file = /remove RestrictNamespaces= from (\S+), then: sudo (.*)/.exec(lacking?.mend ?? "");
  expect(probed).toEqual(expect.arrayContaining(["SystemCallFilter", "RestrictNamespaces", "LockPersonality", "RestrictAddressFamilies"]));
  expect((await described(it, "ops")).verified).toEqual(expect.arrayContaining(["NoNewPrivileges", "UMask"]));

  // The command line that fixes it works.
  succeed(await it.asRoot(["sh", "-c", `sed -i /RestrictNamespaces/d ${file?.[1]} && ${file?.[2]?.replaceAll("sudo ", "")}`]), "mend");
  succeed(await bs9(it, "ops", "restart", "web"), "restart");
  expect(await described(it, "ops")).toMatchObject({ verdict: "effective", missing: [] });
});
