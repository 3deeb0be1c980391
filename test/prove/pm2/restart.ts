// The time from kill -9 of an app's main process to its next answer, repeated: under bs9 with its default sandbox, and under
// PM2.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { call } from "./call.ts";
import { atMostOf, type Comparison } from "./rounds.ts";

export const rounds = 21;
/** PM2 counts an app that ran for less than a second as unstable, and gives up on it. */
const stableMs = 1100;

const nodeApp = `const began = Date.now();
require("node:http").createServer((_, response) => response.end(JSON.stringify({ pid: process.pid, upMs: Date.now() - began }))).listen(process.env.PORT);
`;
const bunApp = `const began = Date.now();
Bun.serve({ port: process.env.PORT, fetch: () => Response.json({ pid: process.pid, upMs: Date.now() - began }) });
`;

export async function restart(): Promise<Comparison[]> {
  await writeApps();
  await call("bs9", "start", "apps/node.js", "--name", "node", "--runtime", "node", "--port", "4650");
  await call("bs9", "start", "apps/bun.ts", "--name", "bun", "--port", "4651");
  await call("env", "PORT=4652", "pm2", "start", "apps/node.js", "--name", "node");
  await call("env", "PORT=4653", "pm2", "start", "apps/bun.ts", "--name", "bun", "--interpreter", "bun");

  const node: Comparison = { what: "restart of Node http", bs9: [], peer: [], target: atMostOf(1) };
  const bun: Comparison = { what: "restart of Bun.serve", bs9: [], peer: [], target: atMostOf(1) };
  for (let round = 0; round < rounds; round++) {
    // The count of restarts is reset, so this is the first failure within a minute. The delay of a crash loop is not measured
    // here.
    for (const name of ["node", "bun"]) rmSync(join(process.env["XDG_RUNTIME_DIR"] ?? "", "bs9/starts", name), { force: true });
    node.bs9.push(await outageOf(4650));
    node.peer.push(await outageOf(4652));
    bun.bs9.push(await outageOf(4651));
    bun.peer.push(await outageOf(4653));
  }
  await call("pm2", "delete", "all");
  await call("bs9", "delete", "node", "bun", "--yes");
  return [node, bun];
}

/** One app for Node and one for Bun, in this directory. */
export async function writeApps(): Promise<void> {
  await Bun.write("apps/node.js", nodeApp);
  await Bun.write("apps/bun.ts", bunApp);
}

export async function outageOf(port: number): Promise<number> {
  const before = await answer(port, ({ upMs }) => upMs >= stableMs);
  const began = performance.now();
  process.kill(before.pid, "SIGKILL");
  await answer(port, ({ pid }) => pid !== before.pid);
  return performance.now() - began;
}

type Answer = { pid: number; upMs: number };

/** Requests until the expected answer arrives. */
async function answer(port: number, accepted: (answer: Answer) => boolean): Promise<Answer> {
  const end = performance.now() + 30_000;
  while (performance.now() < end) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/`, { keepalive: false });
      const found = (await response.json()) as Answer;
      if (accepted(found)) return found;
    } catch {
      // The connection was refused, or cut off by the kill.
    }
    await Bun.sleep(1);
  }
  throw new Error(`no such answer on port ${port} within 30 s`);
}
