// Broken hosts: doctor names the problem of each, and fixes what it says it can fix.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Lab, lab, type Outcome, type User, until } from "../harness.ts";

type Finding = { id: string; severity: string; what: string; why: string; mend: string; fixable: boolean };
type Report = {
  code: number;
  findings: Finding[];
  fixed: { id: string; did: string | null; trouble: string | null }[];
  of(id: string): Finding | undefined;
};

const app = 'Bun.serve({ port: Number(process.env["PORT"]), fetch: () => new Response("ok", { status: 200 }) });\n';
const unit = ".config/systemd/user/web.service";

let it: Lab;
const shell = (script: string, user: User = "ops"): Promise<Outcome> => it.asUser(user, ["sh", "-c", script]);

async function doctor(argv: string[] = [], on = it, user: User = "ops"): Promise<Report> {
  const { code, stdout, stderr } = await on.asUser(user, ["bs9", "doctor", "--json", ...argv]);
  if (stdout === "") throw new Error(`no report: ${stderr}`);
  const report = JSON.parse(stdout) as Omit<Report, "code" | "of">;
  return { code, ...report, of: (id) => report.findings.find((one) => one.id === id) };
}

/** Checks that doctor reports this problem before `doctor --fix` and not after it, and that it reports no other problem. */
async function namesAndMends(id: string, severity: string, what: string): Promise<void> {
  const before = await doctor();
  expect(before.of(id)).toMatchObject({ severity, fixable: true, what: expect.stringContaining(what) });
  expect(before.code).toBe(severity === "error" ? 1 : 0);
  const { code, fixed, of } = await doctor(["--fix", "--yes"]);
  expect(fixed.find((one) => one.id === id)).toMatchObject({ trouble: null });
  expect(of(id)).toBeUndefined();
  expect(code).toBe(0);
}

beforeAll(async () => {
  it = await lab("dc", { bs9: ["ops", "root"] });
  await it.writeFile("ops", "web/app.ts", app);
}, 300_000);
afterAll(() => it.down());

test("a healthy host has no error, and every finding says how to fix it", async () => {
  expect((await shell("bs9 start web/app.ts --name web --port 4710")).code).toBe(0);
  const report = await doctor();
  expect(report.code).toBe(0);
  for (const { what, why, mend, severity } of report.findings) {
    expect([what, why, mend].every((text) => text.length > 0)).toBe(true);
    expect(severity).not.toBe("error");
  }
  expect(report.of("comes-back")?.mend).toContain("Restart=always");
});

test("the command line that doctor prints for a user manager that does not come back fixes it", async () => {
  const mend = (await doctor()).of("comes-back")?.mend.replaceAll("sudo ", "") ?? "";
  expect((await it.asRoot(["sh", "-c", mend])).code).toBe(0);
  expect((await doctor()).of("comes-back")).toBeUndefined();
});

describe("linger is off", () => {
  test("doctor reports that linger is off, and without polkit only root can enable it for another user", async () => {
    await it.asRoot(["rm", "/var/lib/systemd/linger/ops"]);
    expect((await doctor()).of("linger")).toMatchObject({ severity: "error", mend: "sudo loginctl enable-linger ops" });
    const { fixed, code } = await doctor(["--fix"]);
    expect(fixed).toMatchObject([{ id: "linger", did: null, trouble: "only root can enable lingering on this host" }]);
    expect(code).toBe(1);
    expect((await shell("bs9 doctor --fix")).stdout).toMatch(/^not fixed .*: only root can enable lingering on this host\n\nerror /);
    await it.asRoot(["loginctl", "enable-linger", "ops"]);
    expect((await doctor()).code).toBe(0);
  });

  test("doctor --fix enables linger for root if root calls it", async () => {
    await it.asRoot(["rm", "/var/lib/systemd/linger/root"]);
    const { fixed, of } = await doctor(["--fix"], it, "root");
    expect(fixed).toMatchObject([{ id: "linger", did: "lingering is enabled for root" }]);
    expect(of("linger")).toBeUndefined();
    expect((await it.asRoot(["test", "-e", "/var/lib/systemd/linger/root"])).code).toBe(0);
  });
});

test("doctor names a full disk", async () => {
  const mount =
    "cp -a .config/bs9 keep && mount -t tmpfs -o size=4m,uid=1001,gid=1001,mode=700 tmpfs .config/bs9 && cp -a keep/. .config/bs9/";
  expect((await it.asRoot(["sh", "-c", `cd /home/ops && ${mount}`])).code).toBe(0);
  await shell("umask 077; cat /dev/zero >.config/bs9/fill 2>/dev/null");
  const report = await doctor();
  expect(report.of("disk")).toMatchObject({ severity: "error", what: expect.stringContaining("/home/ops/.config/bs9") });
  expect(report.code).toBe(1);
  await shell("rm .config/bs9/fill");
  // The agent may have opened its database there meanwhile.
  expect((await it.asRoot(["umount", "--lazy", "/home/ops/.config/bs9"])).code).toBe(0);
  const after = await doctor();
  expect(after.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(after.code).toBe(0);
});

test("doctor names a held lock, and an unfinished change of a killed start", async () => {
  const start = it.start("ops", ["bs9", "start", "web/app.ts", "--name", "slow", "--port", "4711", "--health", "tcp:1", "--wait", "60"]);
  const lock = await until(async () => (await doctor()).of("lock"), { what: "the lock is held" });
  expect(lock.what).toMatch(/^the registry is locked by: bs9 start slow, pid \d+$/);
  expect(lock.mend).toMatch(/kill \d+$/);
  await until(async () => (await shell("test -e .config/bs9/pending/slow.json")).code === 0, { what: "the change has begun" });
  start.kill("SIGKILL");
  await start.exited;
  expect((await doctor()).of("lock")).toBeUndefined();
  await namesAndMends("pending", "warning", "a command that was killed left slow half changed");
  expect((await shell("bs9 status -q")).stdout).toBe("web\n");
  expect((await shell("test -e .config/systemd/user/slow.service")).code).toBe(1);
});

test("doctor --fix corrects the mode of a secret file that others can read", async () => {
  await shell("chmod 644 .config/bs9/env/web.env; chmod 755 .config/bs9/services");
  await namesAndMends("modes", "error", "is open to others");
  expect((await shell("stat -c %a .config/bs9/env/web.env .config/bs9/services")).stdout).toBe("600\n700\n");
});

describe("an edited unit", () => {
  const edit = () => shell(`sed -i 's/^TasksMax=.*/TasksMax=77/' ${unit} && echo 'Nice=5' >>${unit} && systemctl --user daemon-reload`);

  test("status reports a unit that was edited by hand, and doctor --fix restores the unit of bs9", async () => {
    await edit();
    expect((await shell("bs9 status")).stderr).toContain(`the unit of web was edited by hand: /home/ops/${unit}. Try: bs9 doctor`);
    expect(JSON.parse((await shell("bs9 status --json")).stdout)[0].notices).toContainEqual({
      kind: "unit-edited",
      subject: "web",
      what: `the unit of web was edited by hand: /home/ops/${unit}`,
      fix: "bs9 doctor",
    });
    const silent = await doctor(["--fix"]);
    expect(silent.fixed).toMatchObject([{ id: "unit-edited", did: null }]);
    await namesAndMends("unit-edited", "error", "the unit of web was edited by hand");
    expect((await shell(`grep TasksMax ${unit}; systemctl --user show web -p TasksMax`)).stdout).toBe("TasksMax=512\nTasksMax=512\n");
    expect((await shell("grep -c TasksMax=77 .local/state/bs9/edited/web.service")).stdout).toBe("1\n");
    expect((await shell("bs9 status")).stderr).toBe("");
  });

  test("doctor --fix keeps the edit of a unit as a drop-in if the user chooses that", async () => {
    await edit();
    const { stdout } = await shell("printf '2\\n' | script -qec 'bs9 doctor --fix' /dev/null");
    expect(stdout).toContain("web.service.d/local.conf keeps the edit");
    const report = await doctor();
    expect(report.of("unit-edited")).toBeUndefined();
    expect(report.of("unit-drop-ins")).toMatchObject({ severity: "note" });
    expect((await shell("systemctl --user show web -p TasksMax -p Nice")).stdout).toBe("TasksMax=77\nNice=0\n");
    await shell(`rm -r ${unit}.d && systemctl --user daemon-reload`);
  });
});

test("doctor --fix writes a unit again that was deleted by hand", async () => {
  await shell(`rm ${unit} && systemctl --user daemon-reload`);
  expect((await shell("bs9 status")).stderr).toContain("the unit of web was removed by hand");
  await namesAndMends("unit-missing", "error", "the unit of web was removed by hand");
  expect((await shell("systemctl --user cat web.service >/dev/null && bs9 restart web")).code).toBe(0);
});

test("doctor --fix removes a unit that names bs9 as its owner but belongs to no service", async () => {
  expect((await shell("bs9 start web/app.ts --name old --port 4712 && rm .config/bs9/services/old.json")).code).toBe(0);
  expect((await shell("bs9 status")).stderr).toContain("a unit has the mark of bs9, and there is no such service");
  await namesAndMends("unit-orphaned", "warning", "old.service");
  expect((await shell("systemctl --user is-active old")).stdout).toBe("inactive\n");
});

test("doctor names leftover runtimes, an invalid config.toml and a changed trail", async () => {
  await shell(
    "umask 077; cd .local/share/bs9 && mkdir -p runtime/0.0.1-old builds/gone/1 && for each in runtime/*; do touch $each/.bs9-1.part; done; cd; printf '[start]\\nmemroy = 1\\n' >.config/bs9/config.toml; sed -i '1s/web/wep/' .config/bs9/trail.jsonl",
  );
  const report = await doctor(["--fix", "--yes"]);
  expect(report.fixed.map(({ id, did }) => [id, did?.replace(/\d+\.\d+\.\d+-[^/]+\/\./, "NOW/.")])).toEqual(
    ["runtime/0.0.1-old", "runtime/NOW/.bs9-1.part", "builds/gone"].map((path) => [
      "unused",
      `/home/ops/.local/share/bs9/${path} is removed`,
    ]),
  );
  expect((await shell("find .local/share/bs9 -name '*.part' -o -name '*old' -o -name gone")).stdout).toBe("");
  expect((await shell("ls .local/share/bs9/runtime/*/bs9")).code).toBe(0);
  expect(report.of("config")?.what).toContain("config.toml:2: start.memroy: there is no such key; did you mean 'memory'?");
  expect(report.of("trail")?.what).toContain("trail.jsonl:1: this record was changed");
  expect((await shell("bs9 start web/app.ts --name web")).code).toBe(2);
  expect((await shell("bs9 restart web")).code).toBe(0);
  await shell("rm .config/bs9/config.toml");
});

test("doctor reports a check that fails, and makes all other checks", async () => {
  await it.asRoot(["sh", "-c", "cd /home/ops/.config/bs9 && chown root trail.jsonl && chmod 600 trail.jsonl"]);
  const report = await doctor();
  expect(report.of("check")?.what).toBe("cannot read /home/ops/.config/bs9/trail.jsonl: permission denied");
  expect(report.of("owner")).toMatchObject({ severity: "error", mend: expect.stringContaining("sudo chown") });
  expect((await shell("bs9 history")).code).toBe(1);
  expect((await shell("bs9 restart web")).stderr).toContain("this act could not be recorded in the trail: cannot read");
  await it.asRoot(["chown", "ops", "/home/ops/.config/bs9/trail.jsonl"]);
});

test("doctor names a removed trail until the user accepts the removal", async () => {
  const kept = (await shell("mv .config/bs9/trail.jsonl old-trail && bs9 restart web -q")).code;
  expect(kept).toBe(0);
  await until(async () => (await doctor()).of("trail-removed"), { what: "the journal has it" });
  await namesAndMends("trail-removed", "warning", "an earlier trail was removed");
  expect((await shell("bs9 history --verify")).code).toBe(0);
  expect((await shell("bs9 history -q && mv old-trail .config/bs9/trail.jsonl")).code).toBe(0);
});

test("the trail records what doctor --fix has changed", async () => {
  const acts = (JSON.parse((await shell("bs9 history --json")).stdout) as { act: string; targets: string[] }[]).map(
    ({ act, targets }) => `${act} ${targets}`,
  );
  for (const act of [
    "settle slow",
    "doctor: put ours back web",
    "doctor: keep the edit as a drop-in web",
    "doctor: make it again web",
    "doctor: remove it old",
  ])
    expect(acts).toContain(act);
});

test("doctor names missing user namespaces, a volatile journal, and a missing user manager", async () => {
  await using bare = await lab("dcbare", { userNamespaces: false });
  const denied = await doctor([], bare);
  expect(denied.of("sandbox")).toMatchObject({ severity: "error", why: expect.stringContaining("RestrictNamespaces="), fixable: false });
  expect(denied.code).toBe(1);

  const conf =
    "mkdir -p /etc/systemd/journald.conf.d && printf '[Journal]\\nStorage=volatile\\n' >/etc/systemd/journald.conf.d/x.conf && rm -rf /var/log/journal && systemctl restart systemd-journald";
  expect((await bare.asRoot(["sh", "-c", conf])).code).toBe(0);
  const volatile = await until(
    async () => (await doctor([], bare)).findings.find(({ id }) => id.startsWith("journal") && id !== "journal-rate-limit"),
    { what: "the journal is volatile" },
  );
  expect(volatile.what).toContain("in memory only");
  expect(volatile.mend).toContain("Storage=persistent");

  await bare.asRoot(["sh", "-c", "rm /var/lib/systemd/linger/ops; systemctl stop user@1001.service"]);
  const gone = await doctor([], bare);
  expect(gone.of("user-manager")).toMatchObject({ severity: "error", mend: "sudo loginctl enable-linger ops" });
  expect(gone.code).toBe(1);
}, 300_000);
