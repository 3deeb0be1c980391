// The first ten minutes of a user who comes from PM2, from install.sh to --uninstall: each command with its complete answer.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { binary, type Lab, lab, type Outcome } from "../harness.ts";

const home = "/home/ops";
const server = `const http = require("node:http");
const server = http.createServer((request, response) => response.end("hello\\n"));
server.listen(process.env.PORT || 3000, () => console.log("listening"));
`;
const ecosystem = `module.exports = {
  apps: [
    { name: "api", script: "server.js", instances: 2, exec_mode: "cluster", env: { PORT: 3005 } },
    { name: "tick", script: "worker.py", interpreter: "python3", watch: true },
  ],
};
`;

let it: Lab;
beforeAll(async () => {
  it = await lab("fu", { bs9: [] });
  await it.writeFile("ops", "install.sh", readFileSync(join(import.meta.dir, "../../install.sh")));
  await it.writeFile("ops", "got/bs9", await Bun.file(binary()).bytes());
  await it.writeFile("ops", "shop/server.js", server);
  await it.writeFile("ops", "shop/worker.py", 'import time\nprint("tick")\ntime.sleep(10000)\n');
  await it.writeFile("ops", "shop/bad.js", 'throw new Error("no database");\n');
  await it.writeFile("ops", "shop/package.json", '{ "name": "shop", "main": "server.js", "scripts": { "start": "node server.js" } }\n');
  await it.writeFile("ops", "shop/ecosystem.config.js", ecosystem);
}, 300_000);
afterAll(() => it.down());

/** The PATH of a login before ~/.local/bin existed. */
const loginPath = "/usr/local/bin:/usr/bin:/bin";
const typed = (line: string, path = `${home}/.local/bin:${loginPath}`): Promise<Outcome> =>
  it.asUser("ops", ["sh", "-c", `cd shop && ${line}`], { env: { PATH: path, SHELL: "/bin/bash" } });

/**
 * Replaces values that differ from run to run by PID, TIME, CPU and so on. Lines of progress are left out, because they depend
 * on the speed of the machine; lines about boot, cgroups and memory of the lab depend on the machine.
 */
function told({ stdout, stderr }: Outcome): string[] {
  return `${stdout}${stderr}`
    .replace(/^waiting for .*\n/gm, "")
    .replace(/^(?:warning|error|note) {2,}.*\n(?: {9}.*\n)+/gm, "")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replace(/^[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d/gm, "TIME")
    .replace(/pid \d+/g, "pid PID")
    .replace(/(in|after) [\d.]+ m?s/g, "$1 TIME")
    .replace(/bs9 [\d.]+ \(commit [^)]*\)/g, "bs9 VERSION")
    .replace(/\d+ (?:error|warning|note)s?(?:, |\.)/g, "")
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
}

const canWrite = (name: string) =>
  `${name} can write in ~/shop, and in its own ~/.cache, /tmp, /var/tmp, /dev/shm; the rest of your home directory is closed to it`;

/** The typed command, its exit status, and every line of its answer. */
const minutes: [string, number, (string | RegExp)[]][] = [
  ["bs9 ls", 0, ["No services. Start one: bs9 start app.ts"]],
  ["bs9 start server.js --port 3000", 0, ["shop started (pid PID, ready in TIME, sandbox effective)", canWrite("shop")]],
  ["bs9 start server.js --port 3000", 0, ["shop unchanged: no changes, it still runs (pid PID)"]],
  ["bs9 start . --port 3000 --dry-run | head -1", 0, [/^shop would be /]],
  ["bs9 ps", 0, [/^NAME {2,}STATE {2,}HEALTH {2,}PID {2,}PORT {2,}CPU /, /^shop {2,}active {2,}(?:healthy|unknown) {2,}\d+ {2,}3000 /]],
  ["bs9 logs shop --lines 5", 0, ["TIME listening"]],
  ["bs9 start worker.py", 1, [/is neither a \.ts or \.js file nor executable$/, `Try: bs9 start python3 -- ${home}/shop/worker.py`]],
  [
    "bs9 start python3 worker.py",
    2,
    ["error: start takes one entry; arguments of the app must follow --", "Try: bs9 start python3 -- worker.py"],
  ],
  [
    "bs9 start ecosystem.config.js",
    0,
    [
      "api started (pid PID, ready in TIME, sandbox effective)",
      "tick started (pid PID, ready in TIME, sandbox effective)",
      "note: api: bs9 ignores these keys of the PM2 file: instances, exec_mode",
      "note: tick: bs9 ignores these keys of the PM2 file: watch",
    ],
  ],
  ["bs9 logs tick", 0, ["TIME tick"]],
  [
    "bs9 start server.js --interpreter node",
    2,
    [
      "error: --interpreter is --runtime here for Node and Bun; start any other interpreter itself, with the file after --",
      "Try: bs9 start python3 -- app.py",
    ],
  ],
  [
    "bs9 start server.js -i max",
    2,
    [
      "error: -i is not in this version: a service is one process; start several services with different names",
      "Try: bs9 start app.ts --name web-2 --port 3001",
    ],
  ],
  ["bs9 save", 2, ["error: save is not needed: bs9 keeps each service as it is started, and systemd starts it at boot", "Try: bs9 status"]],
  [
    "bs9 startup",
    2,
    [
      "error: startup is not needed: a service that is started comes back at boot; doctor says if something on this machine prevents that",
      "Try: bs9 doctor",
    ],
  ],
  [
    "bs9 monit",
    2,
    ["error: monit needs a terminal; --once prints one picture, and --plain one line for each change", "Try: bs9 monit --once"],
  ],
  ["bs9 reload api", 2, ["error: reload is not in this version: restart stops a service and starts it again", "Try: bs9 restart NAME"]],
  ["bs9 restart api", 0, ["api restarted (pid PID, ready in TIME, sandbox effective)"]],
  ["bs9 start 0", 4, ["error: there is no service 0: services have names, not numbers", "Try: bs9 status"]],
  ["bs9 start package.json", 1, [/it is a text file, not a program$/, /^Try: bs9 start with a \.ts or \.js file/]],
  ["bs9 start server.js --watch", 2, [/^error: --watch is not in this version: /, "Try: bs9 restart NAME"]],
  ["bs9 restart 0", 4, ["error: there is no service 0: services have names, not numbers", "Try: bs9 status"]],
  ["bs9 stpo api", 2, ["error: unknown command 'stpo'; did you mean 'stop'?", "Try: bs9 help"]],
  ["bs9 start server.js --nme x", 2, ["error: bs9 start has no option --nme; did you mean --name?", "Try: bs9 help start"]],
  ["bs9 start missing.js", 4, ["error: 'missing.js' is not a service, a file here or a command on PATH", "Try: bs9 status"]],
  ["bs9 start server.js --name two --port 3000", 1, ["error: port 3000 is taken by the service shop", "Try: bs9 start ENTRY --port 3001"]],
  ["bs9 stop api", 0, ["api stopped"]],
  ["bs9 ls api | tail -1", 0, [/^api {2,}inactive {2,}- {2,}- {2,}3005 /]],
  [
    "bs9 start bad.js",
    1,
    [
      '  1 | throw new Error("no database");',
      /^ +\^$/,
      "  error: no database",
      `        at ${home}/shop/bad.js:1:11`,
      /^ {2}Bun v/,
      "error: cannot start bad: exited with 1 after TIME",
      "Try: bs9 logs bad",
    ],
  ],
  [
    "bs9 describe shop | grep 'restart policy'",
    0,
    ["  restart policy     after a failure: twice at once, then after TIME, 2 s and so on, up to 30 s"],
  ],
  ["bs9 delete bad", 2, [/^error: there is no terminal to ask on: .*bad/, "Try: the same command with --yes"]],
  ["bs9 del bad --yes", 0, ["bad deleted"]],
  ["bs9 -v", 0, ["bs9 VERSION"]],
];

test("install.sh says where bs9 is installed, and how this shell finds it", async () => {
  const installed = await typed("sh ../install.sh --file ../got/bs9", loginPath);
  expect(told(installed)).toEqual([
    `Installed: bs9 VERSION, as ${home}/.local/bin/bs9`,
    'To use bs9 in this shell too: export PATH="$HOME/.local/bin:$PATH"',
  ]);
  expect(installed.stdout).not.toContain("mend");
  expect(installed.code).toBe(0);
});

test.each(minutes)("the command line `%s` has exactly the expected answer", async (line, code, answer) => {
  const outcome = await typed(line);
  const lines = told(outcome);
  expect(lines).toEqual(answer.map((one) => (typeof one === "string" ? one : expect.stringMatching(one))) as string[]);
  expect(outcome.code).toBe(line.includes(" | ") ? 0 : code);
});

test("status --watch on a terminal ends with q", async () => {
  // The test types q only after status --watch has printed its table.
  const painted = "touch seen; for i in $(seq 600); do grep -q 'q quits' seen && break; sleep 0.1; done";
  const watched = await typed(`(${painted}; printf q) | timeout 100 script -qefc 'bs9 status --watch' seen`);
  expect(watched.stdout).toContain("q quits");
  expect(watched.code).toBe(0);
});

test("installing the same bs9 again reports no restart of the agent", async () => {
  const again = await typed("sh ../install.sh --file ../got/bs9");
  expect(told(again)).toEqual(["This is the bs9 that is installed already: bs9 VERSION"]);
  expect(again.stdout).not.toContain("agent");
});

test("uninstalling asks about services and data, and removes bs9", async () => {
  const asked = await typed("sh ../install.sh --uninstall");
  expect(told(asked)[0]).toBe(
    "install.sh: there is no terminal to ask on: give --yes, --with-services or --keep-services, and --with-data or --keep-data",
  );
  const gone = await typed("sh ../install.sh --uninstall --yes --with-services --with-data");
  expect(told(gone)).toEqual([
    "api deleted",
    "shop deleted",
    "tick deleted",
    ...[".config", ".local/share", ".local/state", ".cache"].map((folder) => `Removed ${home}/${folder}/bs9`),
    `Removed ${home}/.local/bin/bs9`,
  ]);
  expect((await typed("find .. -name '*bs9*' -not -path '../got/*'")).stdout).toBe("");
});
