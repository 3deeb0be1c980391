// The notice on Unix sockets that only the service itself can see.
import { expect, test } from "bun:test";
import { hiddenSockets } from "../../../src/lifecycle/reason/private-sockets.ts";

const own = (path: string) => ({ path, own: true });
const shared = (path: string) => ({ path, own: false });

test("a notice is given only for a socket in a directory that only the service sees, such as its own /tmp", () => {
  const writable = [shared("/srv/app"), own("/tmp"), own("/var/tmp"), shared("/tmp/shared")];
  const sockets = ["/tmp/app.sock", "/srv/app/app.sock", "/tmp/shared/app.sock", "/run/x.sock"];
  expect(hiddenSockets("web", sockets, { writable })).toEqual([
    {
      kind: "socket-hidden",
      subject: "web",
      what: "web listens on /tmp/app.sock, but its /tmp is private: no other program can find the socket",
      fix: "Bind the socket in the project directory, or in a directory that --writable opens",
    },
  ]);
});
