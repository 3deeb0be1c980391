// Five services of the supervisor under load while the supervisor is killed, and the effects that their clients see.
import { freePort, succeed, until } from "../harness.ts";
import { answers, type Place } from "./bs9.ts";

export const names = ["one", "two", "three", "four", "five"];

/** Defines and starts the five services; each writes a numbered line every 2 ms. Returns their ports. */
export async function startFive(place: Place): Promise<Map<string, number>> {
  place.write(
    "five/app.ts",
    "let n = 0;\nsetInterval(() => console.log(`line ${n++}`), 2);\nBun.serve({ port: Number(process.env.PORT), fetch: () => Response.json([]) });\n",
  );
  const ports = new Map(names.map((name) => [name, freePort()]));
  for (const [name, port] of ports)
    succeed(await place.bs9("start", "five/app.ts", "--name", name, "--port", String(port)), `start ${name}`);
  return ports;
}

/** Requests the services over and over, until `stop`; counts the requests and those without an answer. */
export class Load {
  asked = 0;
  failed = 0;
  #isOver = false;
  readonly #ended: Promise<unknown>;

  constructor(ports: Iterable<number>) {
    this.#ended = Promise.all([...ports].map((port) => this.#ask(port)));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#ended;
  }

  async #ask(port: number): Promise<void> {
    while (!this.#isOver) {
      this.asked++;
      if (!(await answers(port)())) this.failed++;
    }
  }
}

/**
 * Kills the supervisor, waits until some more requests were answered without a supervisor, and lets the next command start
 * another one.
 */
export async function killSupervisor(place: Place, load: Load): Promise<void> {
  const old = place.supervisor();
  if (old === null) throw new Error("no supervisor runs");
  process.kill(old, "SIGKILL");
  await until(() => place.supervisor() === null, { what: "the supervisor is dead" });
  const askedThen = load.asked;
  await until(() => load.asked > askedThen + 200, { what: "the load goes on" });
  await place.bs9("status");
  await until(() => place.supervisor() !== null, { what: "another supervisor runs" });
}
