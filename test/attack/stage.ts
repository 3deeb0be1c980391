// The environment for tests of attacks: one lab (a machine with systemd in a container), in which the user ops has services on
// systemd and the user dev on bs9's supervisor.
import { type Lab, type LabOptions, lab, type Outcome, succeed, type User } from "../harness.ts";

export const backends = ["systemd", "supervisor"] as const;
export type Kind = (typeof backends)[number];

/** A service whose app runs code that is sent to it. */
export type Service = {
  name: string;
  /** The port of the app, for requests of another kind than `attempt` makes. */
  port: number;
  /**
   * Runs the body of an async function inside the service and returns what it returns; `require` is in scope. A body that
   * throws counts as an attempt that failed: the answer is then the errno of the error, such as "EACCES", or its text.
   */
  attempt<T = unknown>(body: string): Promise<T | string>;
};

export type Stage = {
  lab: Lab;
  kind: Kind;
  user: User;
  home: string;
  bs9(...argv: string[]): Promise<Outcome>;
  /** Runs a shell script as the user, outside every sandbox, and returns its output; throws where it fails. */
  sh(script: string): Promise<string>;
  /** A relative path starts in the home directory of the user. */
  write(path: string, text: string, mode?: string): Promise<void>;
  /** Starts a service in a directory below the user's home; `options` are passed to `bs9 start`. */
  service(name: string, folder: string, ...options: string[]): Promise<Service>;
};

export type Stages = { lab: Lab; on(kind: Kind): Stage };

/** Boots the lab (a machine with systemd in a container); `lab.down()` ends the lab and everything that runs in it. */
export async function stages(name: string, options: LabOptions = {}): Promise<Stages> {
  const it = await lab(name, { ...options, bs9: ["ops", "dev"] });
  const made = { systemd: stage(it, "systemd", "ops"), supervisor: stage(it, "supervisor", "dev") };
  return { lab: it, on: (kind) => made[kind] };
}

/**
 * The app answers GET with "up", and runs the code it is sent. It is started with --force, because the audit refuses such code.
 */
export const app = `
const AsyncFunction = (async () => {}).constructor;
Bun.serve({ port: Number(process.env.PORT), hostname: "127.0.0.1", idleTimeout: 60, async fetch(request) {
  if (request.method === "GET") return Response.json("up");
  try {
    return Response.json({ returned: (await new AsyncFunction("require", await request.text())(require)) ?? null });
  } catch (error) {
    return Response.json({ failed: error.code ?? String(error) });
  }
} });
`;

/** Each service of a lab has its own port; the lab has its own network. */
let nextPort = 4700;

function stage(it: Lab, kind: Kind, user: User): Stage {
  const env = kind === "supervisor" ? { BS9_BACKEND: "supervisor" } : {};
  const home = `/home/${user}`;
  const bs9: Stage["bs9"] = (...argv) => it.asUser(user, ["bs9", ...argv], { env });
  const write: Stage["write"] = (path, text, mode) => it.writeFile(user, path, text, mode);
  return {
    lab: it,
    kind,
    user,
    home,
    bs9,
    write,
    async sh(script) {
      return succeed(await it.asUser(user, ["sh", "-c", script], { env }), script).stdout;
    },
    async service(name, folder, ...options) {
      const port = nextPort++;
      await write(`${folder}/app.ts`, app);
      succeed(
        await bs9("start", `${home}/${folder}/app.ts`, "--name", name, "--port", String(port), "--force", ...options),
        `start ${name}`,
      );
      return serviceOn(it, name, port);
    },
  };
}

function serviceOn(it: Lab, name: string, port: number): Service {
  return {
    name,
    port,
    async attempt<T>(body: string): Promise<T | string> {
      const { text } = await it.fetch({ port, body, timeoutMs: 30_000 });
      const answer = JSON.parse(text) as { returned: T } | { failed: string };
      return "failed" in answer ? answer.failed : answer.returned;
    },
  };
}
