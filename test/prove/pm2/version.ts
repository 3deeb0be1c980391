// The shortest command: the cost of starting the command line at all.
import { call } from "./call.ts";
import { atMostOf, type Comparison } from "./rounds.ts";

const rounds = 21;

export async function version(): Promise<Comparison[]> {
  const figure: Comparison = { what: "shortest command: bs9 version, pm2 --version", bs9: [], peer: [], target: atMostOf(0.05) };
  await call("pm2", "ping"); // with a running daemon
  for (let round = 0; round < rounds; round++) {
    figure.bs9.push((await call("bs9", "version")).ms);
    figure.peer.push((await call("pm2", "--version")).ms);
  }
  return [figure];
}
