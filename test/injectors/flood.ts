// Many requests over one connection, in batches, each for the URL that its number gives.

const batch = 200;
const limitMs = 30_000;

export async function flood(port: number, total: number, request: (i: number) => string): Promise<void> {
  let answered = 0;
  let rest = "";
  let arrived = () => {};
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, bytes) {
        const text = rest + bytes.toString("latin1");
        answered += text.split("HTTP/1.1 ").length - 1;
        rest = text.slice(-8);
        arrived();
      },
      drain: () => arrived(),
      close: () => arrived(),
    },
  });
  try {
    for (let sent = 0; sent < total; sent += batch) {
      let text = Array.from({ length: Math.min(batch, total - sent) }, (_, i) => request(sent + i)).join("");
      const until = performance.now() + limitMs;
      for (;;) {
        if (text !== "") text = text.slice(Math.max(0, socket.write(text)));
        if (text === "" && answered >= Math.min(total, sent + batch)) break;
        if (performance.now() > until) throw new Error(`only ${answered} of ${sent + batch} requests were answered`);
        await new Promise<void>((resolve) => {
          arrived = resolve;
          setTimeout(resolve, 1000);
        });
      }
    }
  } finally {
    socket.end();
  }
}
