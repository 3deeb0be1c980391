// Which process is still a launcher, also during an execve(2), and how its service is reported meanwhile.
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Reading } from "../../src/backend/backend.ts";
import { pathsOf } from "../../src/base/paths.ts";
import { type SupervisorLink, watchFrom } from "../../src/supervisor/link.ts";
import { isLauncher } from "../../src/supervisor/reading.ts";
import { SupervisorBackend } from "../../src/supervisor/supervisor.ts";
import { tempDir, until } from "../harness.ts";
import { specNamed } from "../spec.ts";

test("a process whose environment is still empty does not count as the service; zombies and services do not count as launchers", async () => {
  const started = [
    Bun.spawn(["sleep", "1000"], { env: {} }),
    Bun.spawn(["sleep", "1000"], { env: { BS9_LAUNCH: "1" } }),
    Bun.spawn(["sleep", "1000"], { env: { SERVICE_NAME: "web" } }),
    // The shell executes a program that never waits for its child.
    Bun.spawn(["sh", "-c", "sleep 0 & echo $!; exec sleep 1000"], { stdout: "pipe" }),
  ] as const;
  try {
    expect(started.slice(0, 3).map(({ pid }) => isLauncher(pid))).toEqual([true, true, false]);
    const { value } = await started[3].stdout.getReader().read();
    const zombie = Number(new TextDecoder().decode(value));
    await until(() => !isLauncher(zombie), { what: "the zombie is seen" });
  } finally {
    for (const child of started) child.kill("SIGKILL");
    await Promise.all(started.map((child) => child.exited));
  }
});

test("the sandbox of a service is unknown while its process is still the launcher, and is reported at once after the launcher has executed the program", async () => {
  // A shell that executes the service after it has read a line, as a launcher does with its plan.
  const script = "read plan; exec env -i SERVICE_NAME=web sleep 1000";
  const child = Bun.spawn(["/bin/sh", "-c", script], { env: { BS9_LAUNCH: "1" }, stdio: ["pipe", "ignore", "ignore"] });
  try {
    const told = {
      name: "web",
      state: "active",
      mainPid: child.pid,
      cgroup: null,
      restarts: 0,
      end: null,
      waits: null,
      wanted: true,
      derived: "",
    } as const;
    let hear: Parameters<SupervisorLink["hear"]>[0] = () => {};
    const link: SupervisorLink = {
      ask: async ({ act, ...rest }) => (act === "read" && "names" in rest && rest.names.includes("web") ? [told] : []),
      names: () => [],
      hear(onChange) {
        hear = onChange;
        return () => {};
      },
    };
    const states: (string | null)[] = [];
    const watch = watchFrom(link, ({ state }) => states.push(state));
    hear({ name: "web", state: "active", atMs: 0 });
    const backend = new SupervisorBackend(pathsOf({ ...process.env, BS9_HOME: join(tempDir(), "bs9") }), { link });
    const reading = { name: "web", mainPid: child.pid } as Reading;
    expect((await backend.verify(specNamed("web"), reading)).verdict).toBe("unknown");
    await watch.synced();
    expect(states).toEqual(["activating"]);
    child.stdin.write("\n");
    await child.stdin.flush();
    // Busy waiting, so that the watch has no time to poll by itself.
    while (isLauncher(child.pid)) Bun.sleepSync(1);
    await watch.synced();
    expect(states).toEqual(["activating", "active"]);
    watch.close();
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
});
