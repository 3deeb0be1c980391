// The notice on Unix sockets that only the service itself sees.
import { expect, test } from "bun:test";
import { hiddenSockets } from "../../../src/lifecycle/reason/private-sockets.ts";

const own = (path: string) => ({ path, own: true });
const shared = (path: string) => ({ path, own: false });

test("a socket in a directory of the service alone is told, and no other", () => {
  const writable = [shared("/srv/app"), own("/tmp"), own("/var/tmp"), shared("/tmp/shared")];
  const sockets = ["/tmp/app.sock", "/srv/app/app.sock", "/tmp/shared/app.sock", "/run/x.sock"];
  expect(hiddenSockets("web", sockets, { writable })).toEqual([
    {
      kind: "socket-hidden",
      subject: "web",
      what: "web listens on /tmp/app.sock, and its /tmp is its own: no other program finds the socket",
      fix: "Bind it in the project, or in a directory that --writable opens",
    },
  ]);
});
