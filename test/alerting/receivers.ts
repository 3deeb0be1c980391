// Real HTTP and SMTP servers that receive alerts, in good order or not.
import { createServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";

export type Received = { path: string; headers: Headers; body: string };

/** An HTTP server that answers each request as `answer` says, and keeps what it has received. Port 0 is any free one. */
export function httpReceiver(
  answer: (received: Received) => Response | Promise<Response> = () => new Response(null, { status: 204 }),
  port = 0,
) {
  const received: Received[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    idleTimeout: 0,
    async fetch(request) {
      const one = { path: new URL(request.url).pathname, headers: request.headers, body: await request.text() };
      received.push(one);
      return answer(one);
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/hook`,
    origin: `http://127.0.0.1:${server.port}`,
    received,
    port: server.port ?? 0,
    stop: () => server.stop(true),
  };
}

export type Mail = { from: string; to: string[]; text: string; isEncrypted: boolean; user: string | null };

export type SmtpOptions = {
  /** The command to which the server answers with this line in place of the good answer. */
  refuse?: { verb: string; line: string };
  /** The server sends nothing from this command on; `greeting` is before the first. */
  hang?: string;
  /** The certificate and key for STARTTLS; without them the server does not offer it. */
  tls?: { cert: string; key: string };
  login?: { user: string; password: string };
};

/** An SMTP server (RFC 5321) for one test, which keeps each mail and each line of its clients. */
export async function smtpReceiver(options: SmtpOptions = {}) {
  const mails: Mail[] = [];
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    talk(socket, options, { mails, lines });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    port,
    mails,
    lines,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function talk(first: Socket, options: SmtpOptions, { mails, lines }: { mails: Mail[]; lines: string[] }): void {
  const { refuse, hang, tls, login } = options;
  let socket: Socket = first;
  let isEncrypted = false;
  let rest = "";
  let inText = false;
  let mail: Mail = blank(false, null);
  const say = (line: string) => socket.write(`${line}\r\n`);
  const listen = () => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      rest += bytes.toString("utf8");
      for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        lines.push(line);
        take(line);
      }
    });
  };
  listen();
  if (hang !== "greeting") say(refuse?.verb === "greeting" ? refuse.line : "220 test ESMTP");

  function take(line: string): void {
    if (inText) {
      if (line !== ".") {
        mail.text += `${line.replace(/^\.\./, ".")}\n`;
        return;
      }
      inText = false;
      if (hang === ".") return;
      if (refuse?.verb === ".") return void say(refuse.line);
      mails.push(mail);
      mail = blank(isEncrypted, mail.user);
      return void say("250 2.0.0 queued as 42");
    }
    const verb = line.split(/[ :]/)[0]?.toUpperCase() ?? "";
    if (hang === verb) return;
    if (refuse?.verb === verb) return void say(refuse.line);
    if (verb === "EHLO") {
      say("250-test");
      if (tls !== undefined && !isEncrypted) say("250-STARTTLS");
      if (login !== undefined) say("250-AUTH PLAIN");
      say("250 8BITMIME");
    } else if (verb === "STARTTLS" && tls === undefined) {
      say("502 5.5.1 not implemented");
    } else if (verb === "STARTTLS") {
      say("220 go ahead");
      first.removeAllListeners("data");
      socket = new TLSSocket(first, { isServer: true, ...tls });
      isEncrypted = true;
      mail.isEncrypted = true;
      listen();
    } else if (verb === "AUTH") {
      const [, user, password] = Buffer.from(line.split(" ")[2] ?? "", "base64")
        .toString("utf8")
        .split("\0");
      if (user !== login?.user || password !== login?.password) return void say("535 5.7.8 authentication failed");
      mail.user = user ?? null;
      say("235 2.7.0 accepted");
    } else if (verb === "MAIL") {
      mail.from = /<(.*?)>/.exec(line)?.[1] ?? "";
      say("250 ok");
    } else if (verb === "RCPT") {
      mail.to.push(/<(.*?)>/.exec(line)?.[1] ?? "");
      say("250 ok");
    } else if (verb === "DATA") {
      inText = true;
      say("354 go ahead");
    } else if (verb === "QUIT") {
      say("221 bye");
      socket.end();
    } else say("250 ok");
  }
}

const blank = (isEncrypted: boolean, user: string | null): Mail => ({ from: "", to: [], text: "", isEncrypted, user });
