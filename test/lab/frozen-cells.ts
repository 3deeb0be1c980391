// The behaviour of each command while a part that it needs has ended or hangs: the cells of one table.
import { type Lab, succeed, until } from "../harness.ts";

/**
 * The part of the system that does not answer. `ended`: the part is stopped, and a request does not start it again. `frozen`:
 * the part got a SIGSTOP.
 */
export const parts = ["user manager", "D-Bus", "journald", "agent"] as const;
export const ways = ["ended", "frozen"] as const;
export const commands = ["status", "describe", "logs", "start", "stop", "restart", "delete", "history", "doctor", "export"] as const;
export type Part = (typeof parts)[number];
export type Way = (typeof ways)[number];
export type Command = (typeof commands)[number];

export type Cell = { part: Part; way: Way; command: Command };

/** `wrong` describes what is wrong; null where everything is right. */
export type Shown = Cell & { seconds: number; code: number; stdout: string; stderr: string; wrong: string | null };

const uid = 1001;
const words: Record<Command, string[]> = {
  status: ["status"],
  describe: ["describe", "web"],
  logs: ["logs", "web"],
  start: ["start", "web"],
  stop: ["stop", "web"],
  restart: ["restart", "web"],
  delete: ["delete", "web", "--yes"],
  history: ["history"],
  doctor: ["doctor"],
  export: ["export", "--format", "json"],
};

/** Acts need the user manager; commands that only read files need no other part. */
const needsSystemd: Record<Command, boolean> = {
  status: true,
  describe: true,
  logs: false,
  start: true,
  stop: true,
  restart: true,
  delete: true,
  history: false,
  doctor: false,
  export: false,
};

const app = `Bun.serve({ port: 4800, fetch: () => new Response("ok") }); console.log("up");`;

export async function prepare(lab: Lab): Promise<void> {
  await lab.writeFile("ops", "web/app.ts", app);
  succeed(await lab.asUser("ops", ["bs9", "start", "web/app.ts", "--name", "web", "--port", "4800"]), "start");
}

/**
 * Runs one combination of command and failed part, then restores everything. A command that takes longer than `limitSeconds`
 * counts as a fault.
 */
export async function cell(lab: Lab, { part, way, command }: Cell, limitSeconds: number): Promise<Shown> {
  await bringBack(lab, command);
  const restore = await take(lab, part, way);
  const beganMs = performance.now();
  const asked = lab.asUser("ops", ["bs9", ...words[command]], { timeoutMs: 60_000 });
  const { code, stdout, stderr } = await asked.catch((error) => ({ code: -1, stdout: "", stderr: String(error) }));
  const seconds = (performance.now() - beganMs) / 1000;
  await restore();
  const wrong = wrongOf({ part, way, command }, code, stdout) ?? (await untrue(lab, command, code));
  const isLate = seconds > limitSeconds;
  return { part, way, command, seconds, code, stdout, stderr, wrong: wrong ?? (isLate ? `it took ${seconds.toFixed(1)} s` : null) };
}

/** Checks the exit statuses that cli.md allows, and that no state is claimed that cannot be known. */
function wrongOf({ part, command }: Cell, code: number, stdout: string): string | null {
  const allowed = allowedOf(part, command);
  if (!allowed.includes(code)) return `exit status ${code}, not ${allowed.join(" or ")}`;
  const isUnknown = part === "user manager" && (command === "status" || command === "describe");
  if (isUnknown && /\b(inactive|active|failed)\b/.test(stdout.split("\n").slice(0, 3).join("\n")))
    return "it claims a state that nobody could tell";
  return null;
}

function allowedOf(part: Part, command: Command): number[] {
  if (command === "doctor") return [0, 1];
  if (part !== "user manager" || !needsSystemd[command]) return [0];
  return [5];
}

/** Afterwards an act that reported success must have happened, and an act that failed must not. */
async function untrue(lab: Lab, command: Command, code: number): Promise<string | null> {
  if (!["start", "stop", "restart", "delete"].includes(command)) return null;
  // A failed start leaves the service stopped, any other failed act leaves it running.
  const expected = command === "restart" || (command === "start") === (code === 0);
  try {
    await until(async () => (await isActive(lab)) === expected, { timeoutMs: 5000, what: "the act is so" });
    return null;
  } catch {
    return `exit status ${code}, and the service ${expected ? "does not run" : "runs"}`;
  }
}

async function isActive(lab: Lab): Promise<boolean> {
  return (await lab.asUser("ops", ["systemctl", "--user", "is-active", "web.service"])).code === 0;
}

/** `start` begins with a stopped service, every other command with a running one. */
async function bringBack(lab: Lab, command: Command): Promise<void> {
  await until(async () => (await lab.asUser("ops", ["systemctl", "--user", "show", "--property=Version"])).code === 0, {
    what: "the user manager answers",
  });
  await lab.asUser("ops", ["sh", "-c", "bs9 status -q | grep -qx web || bs9 start web/app.ts --name web --port 4800"]);
  succeed(await lab.asUser("ops", ["bs9", command === "start" ? "stop" : "start", "web"]), "bring back");
  await until(async () => (await lab.asUser("ops", ["systemctl", "--user", "is-active", "bs9-agent.service"])).code === 0, {
    what: "the agent runs",
  });
}

/** Returns a function that restores the part. */
async function take(lab: Lab, part: Part, way: Way): Promise<() => Promise<void>> {
  const root = async (script: string) => void succeed(await lab.asRoot(["sh", "-c", script]), script);
  const user = async (script: string) => void succeed(await lab.asUser("ops", ["sh", "-c", script]), script);
  if (way === "frozen") {
    const pid = await pidOf(lab, part);
    await root(`kill -STOP ${pid}`);
    // `delete` of the last service ends the agent.
    return () => root(`kill -CONT ${pid} || ! kill -0 ${pid}`);
  }
  const sockets = "systemd-journald.socket systemd-journald-dev-log.socket systemd-journald-audit.socket";
  switch (part) {
    case "user manager":
      await root(`kill -KILL ${await pidOf(lab, part)}`);
      // After several kills within a few seconds the unit has hit its start limit.
      return () => root(`systemctl reset-failed "user*@${uid}.service"; systemctl start user@${uid}.service`);
    case "D-Bus":
      await user("systemctl --user stop dbus.socket dbus.service");
      return () => user("systemctl --user reset-failed dbus.socket dbus.service; systemctl --user start dbus.socket");
    case "journald":
      await root(`systemctl stop ${sockets} systemd-journald.service`);
      return () =>
        root(`systemctl reset-failed ${sockets} systemd-journald.service
          systemctl start systemd-journald.socket systemd-journald-dev-log.socket systemd-journald.service`);
    case "agent":
      await user("systemctl --user stop bs9-agent.service");
      return () => user("systemctl --user start bs9-agent.service || ! systemctl --user cat bs9-agent.service");
  }
}

async function pidOf(lab: Lab, part: Part): Promise<number> {
  const show = (unit: string) => ["show", "--property=MainPID", "--value", unit];
  const asked =
    part === "user manager"
      ? await lab.asRoot(["systemctl", ...show(`user@${uid}.service`)])
      : part === "journald"
        ? await lab.asRoot(["systemctl", ...show("systemd-journald.service")])
        : await lab.asUser("ops", ["systemctl", "--user", ...show(part === "agent" ? "bs9-agent.service" : "dbus.service")]);
  const pid = Number(asked.stdout.trim());
  if (!(pid > 1)) throw new Error(`${part} has no process: ${asked.stdout}${asked.stderr}`);
  return pid;
}
