// The findings of doctor about a user manager that is killed, by the version of systemd and by the loaded unit.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { comesBackFindings, dropIn, versionOf } from "../../src/systemd/comes-back.ts";

const debian12 = "systemd 252 (252.39-1~deb12u2)";
const ubuntu2404 = "systemd 255 (255.4-1ubuntu8.6)";
const shipped = { Restart: "no", RestartUSec: "100ms", DropInPaths: "/usr/lib/systemd/system/user@.service.d/10-login-barrier.conf" };
const written = { Restart: "always", RestartUSec: "100ms", DropInPaths: `${shipped.DropInPaths} ${dropIn}`, NeedDaemonReload: "no" };

function findings(release: string, properties: Record<string, string>, isWritten = false) {
  return comesBackFindings("ops", 1001, { properties: new Map(Object.entries(properties)), isWritten }, release);
}

test.each([
  ["systemd 255 (255.4-1ubuntu8.6)", "255.4"],
  ["systemd 255 (255)", "255"],
  ["systemd 255 (v255.21-1.fc40)", "255.21"],
  ["systemd 256 (256-1)", "256"],
  ["systemd 256 (256~rc3-5)", "256"],
  ["systemd 256 (256.2-1)", "256.2"],
])("on %s systemd may kill the user manager at the last logout, and doctor says so", (release, version) => {
  const [finding, ...more] = findings(release, shipped);
  expect(more).toEqual([]);
  expect(finding).toMatchObject({
    id: "comes-back",
    severity: "error",
    what: `systemd ${version} may kill the user manager of ops, and all services with it, at the last logout`,
  });
  expect(finding?.mend).toContain("[Service]\\nRestart=always\\nRestartSec=100ms\\n");
  expect(finding?.mend).toContain(`tee ${dropIn} && sudo systemctl daemon-reload`);
});

test.each([
  debian12,
  "systemd 254 (254.9-1)",
  "systemd 256 (256.3-1)",
  "systemd 256 (256.12-2)",
  "systemd 257 (257.8-1~deb13u2)",
  "systemd 2550 (2550.1)",
  "",
])("on %s a killed user manager does not come back, and doctor reports that and nothing else", (release) => {
  expect(findings(release, shipped)).toMatchObject([
    { id: "comes-back", severity: "warning", what: "systemd does not restart the user manager after it is killed" },
  ]);
});

test.each(["always", "on-failure", "on-abnormal", "on-abort"])(
  "with Restart=%s in force doctor reports nothing, on any version",
  (Restart) => {
    for (const release of [debian12, ubuntu2404]) expect(findings(release, { ...written, Restart }, true)).toEqual([]);
  },
);

test.each(["on-success", "on-watchdog", "no"])("Restart=%s does not restart a killed user manager", (Restart) => {
  expect(findings(ubuntu2404, { ...written, Restart }, true)).toMatchObject([
    {
      severity: "error",
      what: expect.stringContaining(`another drop-in sets Restart=${Restart}`),
      mend: "find the other drop-in: systemctl cat user@1001.service",
    },
  ]);
});

test("a drop-in that systemd has not read is not in force", () => {
  for (const properties of [shipped, { ...written, Restart: "no", NeedDaemonReload: "yes" }])
    expect(findings(ubuntu2404, properties, true)).toMatchObject([
      { severity: "error", what: expect.stringContaining("systemd has not loaded it"), mend: "sudo systemctl daemon-reload" },
    ]);
});

test.each(["6s", "1min 30s", "infinity", "1month"])(
  "doctor reports that the restart delay %s of the user manager is too long",
  (RestartUSec) => {
    expect(findings(ubuntu2404, { ...written, RestartUSec }, true)).toMatchObject([
      { severity: "warning", what: `systemd restarts the user manager only ${RestartUSec} after it is killed` },
    ]);
  },
);

test.each(["0", "100ms", "1s 500ms", "250us"])("doctor accepts the restart delay %s of the user manager", (RestartUSec) => {
  expect(findings(ubuntu2404, { ...written, RestartUSec }, true)).toEqual([]);
});

test("if systemctl prints nothing, doctor says that it cannot find out whether the user manager comes back", () => {
  expect(findings(ubuntu2404, {})).toMatchObject([{ severity: "warning", what: expect.stringContaining("cannot tell") }]);
});

test("README contains the command line that doctor prints", async () => {
  expect(await Bun.file(join(import.meta.dir, "../../README.md")).text()).toContain(`\n${findings(debian12, shipped)[0]?.mend}\n`);
});

test("the output of another program is not parsed as a version of systemd", () => {
  expect(versionOf("elogind 255.5")).toBeNull();
});
