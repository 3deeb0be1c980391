// The private unix socket of a process, on which bs9 asks for health and metrics.
import { createRequire } from "node:module";
import { answerTo } from "./answers.ts";
import { complain } from "./attempt.ts";

const load = createRequire(import.meta.url);
const maxHeadBytes = 4096;
let isOpen = false;

/** Listens once, on `PID.sock` in this directory. */
export function openSocket(directory: string): void {
  if (isOpen) return;
  isOpen = true;
  const { createServer } = load("node:net") as typeof import("node:net");
  const { unlinkSync } = load("node:fs") as typeof import("node:fs");
  const path = `${directory}/${process.pid}.sock`;
  const remove = () => {
    try {
      unlinkSync(path);
    } catch {
      // it is not there
    }
  };
  remove();
  const server = createServer((socket) => {
    let head = "";
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes) => {
      head += bytes.toString("latin1");
      if (head.length > maxHeadBytes) {
        socket.destroy();
        return;
      }
      if (!head.includes("\r\n\r\n")) return;
      const { status, type, body } = answerTo(head.split(" ", 2)[1] ?? "");
      const length = Buffer.byteLength(body);
      socket.end(
        `HTTP/1.1 ${status} ${status === 200 ? "OK" : "Not OK"}\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${body}`,
      );
    });
  });
  server.on("error", complain);
  server.listen(path);
  server.unref();
  process.on("exit", remove);
}
