// HTTP by hand over a real socket, for requests that no well-behaved client sends.
export type Answered = { status: number; headers: Headers; body: string };

/** Writes `bytes`, and reads until the server closes or `timeoutMs` has passed. */
export async function exchange(port: number, bytes: string, timeoutMs = 5000): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let received = "";
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, chunk) {
        received += chunk.toString("latin1");
      },
      close: () => resolve(),
      error: () => resolve(),
    },
  });
  socket.write(bytes);
  const timer = setTimeout(resolve, timeoutMs);
  await promise;
  clearTimeout(timer);
  socket.end();
  return received;
}

/** One request with exactly these header lines. */
export async function ask(port: number, line: string, headers: string[]): Promise<Answered> {
  const received = await exchange(port, `${[`${line} HTTP/1.1`, ...headers, "Connection: close"].join("\r\n")}\r\n\r\n`);
  const [head = "", ...rest] = received.split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const pairs = lines.map((one): [string, string] => [one.slice(0, one.indexOf(":")), one.slice(one.indexOf(":") + 1).trim()]);
  return { status: Number(first.split(" ")[1]), headers: new Headers(pairs), body: rest.join("\r\n\r\n") };
}
