// The verdict on the isolation of a service, for each thing that is visible of it.
import { expect, test } from "bun:test";
import { type IsolationEvidence, judgeIsolation, threats, withSockets } from "../../src/backend/isolation.ts";

const shown: IsolationEvidence = {
  name: "web",
  unlaunched: null,
  reached: [],
  live: { limits: true, scopes: true },
  kernel: { release: "6.12.9", landlock: 6 },
};
const missing = (changes: Partial<IsolationEvidence>) => judgeIsolation({ ...shown, ...changes }).missing.map(({ directive }) => directive);

test("isolation is full where the live process shows everything and no attempt reached anything", () => {
  expect(judgeIsolation(shown)).toEqual({ verdict: "full", verified: [...threats], probed: [...threats], missing: [] });
});

test("on an older kernel isolation is partial, and a sentence names its Landlock version and the kernel that has the needed one", () => {
  const { verdict, missing: lacks } = judgeIsolation({
    ...shown,
    kernel: { release: "6.1.0-39-amd64", landlock: 2 },
    live: { limits: true, scopes: false },
  });
  expect(verdict).toBe("partial");
  expect(lacks.map(({ directive }) => directive)).toEqual(["signals", "abstract sockets"]);
  expect(lacks[0]?.why).toBe("Linux 6.1.0-39-amd64 has version 2 of Landlock, and this needs version 6");
  expect(lacks[0]?.mend).toBe("use Linux 6.12 or later, with any version of systemd");
});

test.each<[string, Partial<IsolationEvidence>, string[]]>([
  ["a process that was started without the launcher", { live: { limits: false, scopes: false } }, [...threats]],
  ["Landlock was refused to the launcher", { live: { limits: true, scopes: false } }, ["signals", "abstract sockets"]],
  ["an attempt that reached a process", { reached: ["prlimit"] }, ["prlimit"]],
  ["no attempt could be made", { reached: null }, [...threats]],
  ["the service has no launcher", { unlaunched: { why: "w", mend: "m" } }, [...threats]],
])("isolation is judged as partial in this case: %s", (_, changes, lacks) => {
  expect(missing(changes)).toEqual(lacks);
});

test("isolation is at most partial for a service that can reach the socket of the user manager", () => {
  const isolation = judgeIsolation(shown);
  expect(withSockets(isolation, [])).toEqual(isolation);
  const told = withSockets(isolation, [{ socket: "user manager", mend: "m" }]);
  expect(told).toMatchObject({ verdict: "partial", verified: [...threats], missing: [{ directive: "user manager", mend: "m" }] });
});
