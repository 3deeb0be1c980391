// The built bs9 web beside a real service of bs9's own supervisor, for tests that attack and use it as shipped.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../harness.ts";
import { Place } from "../supervisor/bs9.ts";
import { ask } from "./raw.ts";

export const builtProgram = join(import.meta.dir, "../../dist/bs9");
export const localhost = "Host: localhost";
/** What the service prints, and has in its environment. */
export const markup = "<script>alert(1)</script><img src=x onerror=alert(2)>";

export class BuiltWeb {
  readonly place = new Place();
  readonly #running: Bun.Subprocess<"ignore", "pipe", "pipe">[] = [];
  port = 0;
  token = "";

  /** Starts the service `shop`, and the server: on that port, or on the first free one. */
  async up(port?: number): Promise<void> {
    this.place.write("shop/app.ts", `console.log(${JSON.stringify(markup)}); setInterval(() => {}, 1000);\n`);
    await this.place.bs9("start", "shop/app.ts", "--name", "shop", "--env", `PAGE=${markup}`, "--wait", "0");
    const url = await this.serve(...(port === undefined ? [] : ["--port", String(port)]));
    this.port = port ?? Number(new URL(url).port);
    this.token = readFileSync(join(this.place.env.BS9_HOME, "config/web.token"), "utf8").trim();
  }

  async down(): Promise<void> {
    for (const child of this.#running) child.kill("SIGTERM");
    await Promise.all(this.#running.map((child) => child.exited));
    await this.place.down();
  }

  serve(...options: string[]): Promise<string> {
    return this.serveWith({}, [builtProgram, "web", ...options]);
  }

  /** Starts the built server, and returns the address that it prints. */
  async serveWith(env: Record<string, string>, argv: string[]): Promise<string> {
    const { place } = this;
    const child = Bun.spawn(argv, { cwd: place.folder, env: { ...place.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.#running.push(child);
    let text = "";
    void (async () => {
      for await (const chunk of child.stdout) text += new TextDecoder().decode(chunk);
    })();
    const url = () => /listening on (\S+)\n/.exec(text)?.[1];
    await until(() => url() !== undefined || child.exitCode !== null, { what: "bs9 web listens" });
    return url() ?? `it ended: ${await new Response(child.stderr).text()}`;
  }

  bearer(token = this.token): string {
    return `Authorization: Bearer ${token}`;
  }

  /** The status of a request that reads with the token. */
  async reads(): Promise<number> {
    return (await ask(this.port, "GET /api/metrics", [localhost, this.bearer()])).status;
  }
}
