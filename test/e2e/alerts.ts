// A receiver of alerts on this machine, for labs that use its network, and services that are killed again and again.
import type { AlertEvent, AlertMessage } from "../../src/alerting/message.ts";
import { type Lab, succeed, until } from "../harness.ts";
import { bs9 } from "./bs9.ts";

export type Received = { atMs: number; message: AlertMessage };

export class Receiver {
  readonly received: Received[] = [];
  readonly #server: Bun.Server<undefined>;

  constructor(port: number) {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port,
      fetch: async (request) => {
        const atMs = Date.now();
        this.received.push({ atMs, message: (await request.json()) as AlertMessage });
        return new Response("ok");
      },
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/`;
  }

  events(): AlertEvent[] {
    return this.received.flatMap(({ message }) => message.events);
  }

  /** How often each kind of event of a rule on a service has arrived. */
  counts(subject: string, rule: string): { firing: number; resolved: number } {
    const found = this.events().filter((event) => event.subject === subject && event.rule === rule);
    return {
      firing: found.filter(({ kind }) => kind === "firing").length,
      resolved: found.filter(({ kind }) => kind === "resolved").length,
    };
  }

  async has(subject: string, rule: string, kind: AlertEvent["kind"], timeoutMs = 20_000): Promise<void> {
    await until(() => this.counts(subject, rule)[kind] > 0, { what: `${subject} ${rule} ${kind}`, timeoutMs });
  }

  close(): void {
    this.#server.stop(true);
  }
}

/**
 * Waits until everything that was to be told before has arrived: the failure of a new service is told after it, and the start of that
 * service again after the seconds in which events are collected into one message.
 */
export async function untilAllTold(it: Lab, receiver: Receiver, marker: string): Promise<void> {
  const path = `apps/${marker}.sh`;
  await it.writeFile("ops", path, "#!/bin/sh\nexec sleep infinity\n", "755");
  succeed(await bs9(it, "start", path, "--restart", "no"), `start ${marker}`);
  await it.asUser("ops", ["systemctl", "--user", "kill", "--signal=KILL", marker]);
  await receiver.has(marker, "failed", "firing");
  await it.asUser("ops", ["systemctl", "--user", "start", marker]);
  await receiver.has(marker, "failed", "resolved");
}

export type Kills = {
  /** From the end of each service, as systemd recorded it, to the request at the receiver. */
  delaysMs: number[];
  /** Ends and starts that were not told so far, or told more than once; to be called after `untilAllTold`. */
  wrong(): number;
};

/**
 * Kills a service that is not restarted, waits, starts it again and waits, so that each event forms a message of its own. Alerts must
 * have no cooldown.
 */
export async function killAgain(it: Lab, receiver: Receiver, { rounds, gapMs }: { rounds: number; gapMs: number }): Promise<Kills> {
  const name = "victim";
  await it.writeFile("ops", "apps/victim.sh", "#!/bin/sh\nexec sleep infinity\n", "755");
  succeed(await bs9(it, "start", "apps/victim.sh", "--restart", "no"), "bs9 start");
  const delaysMs: number[] = [];
  const told = () => receiver.counts(name, "failed");
  for (let round = 1; round <= rounds; round++) {
    // Nothing was told yet that the first end could be told together with.
    if (receiver.received.length > 0) await Bun.sleep(gapMs);
    await it.asUser("ops", ["systemctl", "--user", "kill", "--signal=KILL", name]);
    await until(() => told().firing >= round, { what: `end ${round} is told`, timeoutMs: gapMs });
    const last = receiver.received.findLast(({ message }) => message.events.some(({ kind }) => kind === "firing"));
    delaysMs.push((last?.atMs ?? Number.NaN) - (await endedMs(it, name)));
    await Bun.sleep(gapMs);
    await it.asUser("ops", ["systemctl", "--user", "start", name]);
    await until(() => told().resolved >= round, { what: `start ${round} is told`, timeoutMs: gapMs });
  }
  return { delaysMs, wrong: () => Math.abs(told().firing - rounds) + Math.abs(told().resolved - rounds) };
}

/** When the main process of a service ended, by the wall clock. */
async function endedMs(it: Lab, name: string): Promise<number> {
  const show = ["systemctl", "--user", "show", "--timestamp=us+utc", "-P", "ExecMainExitTimestamp", name];
  const [, day, time] = (await it.asUser("ops", show)).stdout.trim().split(" ");
  return Date.parse(`${day}T${time?.slice(0, 12)}Z`);
}
