// Hosts that deny user namespaces, as Ubuntu 24.04 does, and home directories outside /home: bs9 can enforce less of the
// sandbox there, and reports that.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Description } from "../../src/lifecycle/describe.ts";
import { type Lab, lab, until } from "../harness.ts";
import { bs9, fetchIn, statusOf } from "./bs9.ts";

const app = await Bun.file(join(import.meta.dir, "../fixtures/web/app.ts")).text();

describe("without user namespaces", () => {
  let it: Lab;
  beforeAll(async () => {
    it = await lab("denied", { userNamespaces: false });
    await it.writeFile("ops", "web/app.ts", app);
  }, 300_000);
  afterAll(() => it.down());

  test("on a host without user namespaces a service starts with a partial sandbox, and bs9 says so", async () => {
    const { code, stdout, stderr } = await bs9(it, "start", "web/app.ts", "--name", "web", "--port", "4100");
    expect({ code, stderr: stderr.includes("bs9 describe web") }).toEqual({ code: 0, stderr: true });
    expect(stdout).toContain("sandbox partial");
    expect((await statusOf(it, "web")).sandbox).toBe("partial");
    expect(await fetchIn<string>(it, 4100, "/secret")).not.toBe("done");
  });

  test("describe names which parts of the sandbox are missing, why, and how to fix it; all other parts are in effect", async () => {
    const { sandbox } = JSON.parse((await bs9(it, "describe", "web", "--json")).stdout) as Description;
    const users = sandbox.missing.find(({ directive }) => directive === "PrivateUsers=yes");
    expect(users?.why).toContain("user namespace");
    expect(users?.mend).toBeTruthy();
    expect(sandbox.missing.map(({ directive }) => directive)).toContain("ProtectHome=tmpfs");
    expect(sandbox.verified).toContain("NoNewPrivileges");
    expect(sandbox.probed).toEqual(expect.arrayContaining(["SystemCallFilter", "RestrictAddressFamilies", "RestrictNamespaces"]));
    expect((await bs9(it, "describe", "web")).stdout).toContain("fix: ");
  });

  test("start --require-sandbox is refused with exit status 6 if the sandbox would be partial, and leaves no files", async () => {
    const { code, stderr } = await bs9(it, "start", "web/app.ts", "--name", "strictly", "--port", "4101", "--require-sandbox");
    expect(code).toBe(6);
    expect(stderr).toContain("PrivateUsers=yes");
    expect((await bs9(it, "status", "strictly")).code).toBe(4);
    expect((await it.asUser("ops", ["systemctl", "--user", "is-active", "strictly"])).stdout).toBe("inactive\n");
    expect((await it.asUser("ops", ["ls", ".config/systemd/user"])).stdout).not.toContain("strictly");
  });

  test("a running service continues with its previous spec after a change with --require-sandbox was refused", async () => {
    expect((await bs9(it, "start", "web/app.ts", "--name", "web", "--require-sandbox", "--env", "A=1")).code).toBe(6);
    await until(async () => (await statusOf(it, "web")).ready, { what: "web serves as before" });
    expect((await fetchIn<Record<string, string>>(it, 4100, "/env"))["A"]).toBeUndefined();
  });
});

describe("odd home", () => {
  let it: Lab;
  const as = (...argv: string[]) =>
    it.asRoot([
      "setpriv",
      "--reuid=1009",
      "--regid=1009",
      "--clear-groups",
      "env",
      "-i",
      "HOME=/var/lib/deploy",
      "PATH=/usr/bin:/bin",
      "XDG_RUNTIME_DIR=/run/user/1009",
      "sh",
      "-c",
      'cd; exec "$@"',
      "sh",
      ...argv,
    ]);
  beforeAll(async () => {
    it = await lab("odd-home");
    await it.asRoot(["sh", "-c", "useradd -m -u 1009 -d /var/lib/deploy deploy && loginctl enable-linger deploy"]);
    await it.asRoot(["sh", "-c", "install -m 755 /home/ops/.local/bin/bs9 /usr/local/bin/bs9"]);
    await it.asRoot(
      [
        "sh",
        "-c",
        "mkdir -p /var/lib/deploy/web /var/lib/deploy/.ssh; echo secret >/var/lib/deploy/.ssh/id; cat >/var/lib/deploy/web/app.ts; chown -R deploy: /var/lib/deploy",
      ],
      { input: app },
    );
    await until(async () => (await it.asRoot(["test", "-S", "/run/user/1009/systemd/private"])).code === 0, {
      what: "the user manager of deploy",
    });
  }, 300_000);
  afterAll(() => it.down());

  test("the sandbox hides a home directory outside of /home as well, and is effective", async () => {
    const started = await as("/usr/local/bin/bs9", "start", "web/app.ts", "--name", "web", "--port", "4110");
    expect({ code: started.code, stderr: started.stderr.includes("error") }).toEqual({ code: 0, stderr: false });
    expect(await fetchIn<string>(it, 4110, "/secret")).toBe("refused: ENOENT");
    expect(await fetchIn<string>(it, 4110, "/write")).toBe("done");
    const { sandbox } = JSON.parse((await as("/usr/local/bin/bs9", "describe", "web", "--json")).stdout) as Description;
    expect(sandbox).toMatchObject({ verdict: "effective", missing: [] });
  });

  test("a home directory outside of /home does not change the delays between restarts", async () => {
    await it.asRoot(["sh", "-c", "echo 'process.exit(3)' >/var/lib/deploy/web/bad.ts"]);
    await as("/usr/local/bin/bs9", "start", "web/bad.ts", "--wait", "0");
    await until(async () => (await as("cat", "/run/user/1009/bs9/starts/bad")).stdout.startsWith("3 "), {
      what: "the third start is counted",
    });
  });
});
