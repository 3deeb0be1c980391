// Makes one TCP probe: checks whether a connection is accepted, and closes it at once.
import { type AttemptResult, connectionRefused, isRefused } from "./own-port.ts";

export async function probeTcp(host: string, port: number, timeoutMs: number): Promise<AttemptResult> {
  // Loaded on demand, because it takes 9 ms. Bun.connect() cannot be cancelled, and would keep a descriptor for as long as the
  // kernel tries to connect.
  const { connect } = await import("node:net");
  return new Promise((done) => {
    const socket = connect({ host: host.replace(/^\[(.*)\]$/, "$1"), port });
    const settle = (answer: AttemptResult) => {
      clearTimeout(timer);
      socket.destroy();
      done(answer);
    };
    const timer = setTimeout(() => settle(`port ${port} accepts no connection (timeout after ${timeoutMs} ms)`), timeoutMs);
    socket.on("connect", () => settle(null));
    socket.on("error", (error) => settle(isRefused(error) ? connectionRefused : `port ${port} accepts no connection`));
  });
}
