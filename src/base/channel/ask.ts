// The other end of a channel: one question, one answer, one connection.
import { type Channel, headOf } from "./head.ts";

/** The text of the answer; null where nobody listens, or no longer does. Throws what `late` makes after `timeoutMs`. */
export function ask(
  path: string,
  channel: Channel,
  key: string,
  question: unknown,
  { timeoutMs, late }: { timeoutMs: number; late: () => Error },
): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let rest = Buffer.from(`${headOf(channel, key)}${JSON.stringify(question)}\n`);
    let opened: Bun.Socket | null = null;
    const timer = setTimeout(() => {
      opened?.terminate();
      reject(late());
    }, timeoutMs);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      act();
    };
    const write = (socket: Bun.Socket) => {
      opened = socket;
      rest = rest.subarray(Math.max(0, socket.write(rest)));
    };
    Bun.connect({
      unix: path,
      socket: {
        open: write,
        drain: write,
        data: (socket, chunk) => {
          bytes += chunk.length;
          if (bytes > channel.maxAnswerBytes) socket.terminate();
          chunks.push(Buffer.from(chunk));
        },
        // One that has just ended answers nothing, and has no time limit of its own by which it could have.
        close: () => settle(() => resolve(bytes === 0 ? null : Buffer.concat(chunks).toString("utf8"))),
        connectError: () => settle(() => resolve(null)),
        error: () => {},
      },
    }).catch(() => settle(() => resolve(null)));
  });
}
