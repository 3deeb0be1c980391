// Kills a process that delivers alerts again and again while its receiver goes down and comes back, and counts what arrived.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AlertSpool } from "../../src/alerting/spool/spool.ts";
import { until } from "../harness.ts";

export type Survived = {
  /** Messages that were reported as written to the disk. */
  put: number;
  missing: number;
  /** Messages that arrived before an older one did for the first time. */
  disordered: number;
  /** Messages that arrived again, with the same id. */
  repeated: number;
};

/** The receiver is down in every second round. The last round, without a kill, delivers what is left. */
export async function killWhileDelivering(rounds: number): Promise<Survived> {
  const folder = mkdtempSync(join(tmpdir(), "bs9-spool-"));
  const file = join(folder, "spool.db");
  const arrived: number[] = [];
  let isDown = false;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      if (isDown) return new Response(null, { status: 503 });
      const id: string = JSON.parse(await request.text()).id;
      if (id !== request.headers.get("webhook-id")) throw new Error("the ids of the header and of the body differ");
      arrived.push(Number(id.slice(1)));
      // Time to be killed after the message has arrived and before that is written down.
      await Bun.sleep(Math.random() * 3);
      return new Response(null, { status: 204 });
    },
  });
  const url = `http://127.0.0.1:${server.port}/`;
  let last = -1;
  try {
    for (let round = 0; round <= rounds; round++) {
      isDown = round % 2 === 1 && round < rounds;
      const child = Bun.spawn([process.execPath, join(import.meta.dir, "sender.ts"), file, url, String(last + 1)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const reading = (async () => {
        const decoder = new TextDecoder();
        let rest = "";
        for await (const bytes of child.stdout) {
          const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
          rest = lines.pop() ?? "";
          last = Number(lines.at(-1) ?? last);
        }
      })();
      const before = last;
      await until(() => last > before, { what: "the sender has written a message" });
      if (round < rounds) await Bun.sleep(Math.random() * 120);
      else {
        const wanted = last;
        await until(() => arrived.includes(wanted), { what: "everything that was written has arrived", timeoutMs: 60_000 });
      }
      child.kill("SIGKILL");
      await child.exited;
      await reading;
    }
    const all = new Set(arrived);
    // What the last child has written after the message that was waited for may still lie in the spool.
    const left = new Set(idsIn(file));
    const firsts = [...all];
    return {
      put: last + 1,
      missing: Array.from({ length: last + 1 }, (_, n) => n).filter((n) => !all.has(n) && !left.has(n)).length,
      disordered: firsts.filter((n, i) => i > 0 && n < (firsts[i - 1] ?? 0)).length,
      repeated: arrived.length - all.size,
    };
  } finally {
    await server.stop(true);
    rmSync(folder, { recursive: true, force: true });
  }
}

function idsIn(file: string): number[] {
  const spool = new AlertSpool(file);
  const ids: number[] = [];
  for (const { channel } of spool.backlogs()) {
    for (;;) {
      const claimed = spool.claim(channel, { leaseMs: 1000, longestMs: 0 });
      if (claimed === null) break;
      ids.push(Number(claimed.message.id.slice(1)));
      spool.sent(channel, claimed.message.id);
    }
  }
  spool.close();
  return ids;
}
