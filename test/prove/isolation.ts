// Attacks on signals, abstract sockets and limits on emulated machines: systemd 257 with Linux 6.12, systemd 252 with Linux
// 6.1.
import type { Description } from "../../src/lifecycle/describe.ts";
import { app } from "../attack/stage.ts";
import { inMachine, type Suite, whyNoMachine } from "./machine.ts";
import type { Proof, Report } from "./proof.ts";

const machines: { suite: Suite; name: string; isFull: boolean }[] = [
  { suite: "trixie", name: "Debian 13 (systemd 257, Linux 6.12)", isFull: true },
  { suite: "bookworm", name: "Debian 12 (systemd 252, Linux 6.1)", isFull: false },
];

const attacks = {
  signal: `process.kill(VICTIM, "SIGCONT"); return "reached"`,
  socket: `return new Promise((done) => Bun.connect({ unix: "\\0secret", socket: { open() { done("reached") }, data() {} } }).catch(() => done("refused")))`,
  limit: `return require("child_process").spawnSync("prlimit", ["--pid", "VICTIM", "--nofile=16:16"]).status === 0 ? "reached" : "refused"`,
};
const listen = `globalThis.open = Bun.listen({ unix: "\\0secret", socket: { data() {} } }); return "listens"`;

const isolated = (name: string) => `services whose isolation is full, ${name}`;
const reached = (name: string) => `attacks of four that reached another process, ${name}`;
const effective = (name: string) => `services whose sandbox is effective, ${name}`;

export const proof: Proof = {
  word: "isolation",
  what: "attacks on signals, abstract sockets and limits of others, on two emulated machines",
  figures: machines.flatMap(({ name }) => [effective(name), isolated(name), reached(name)]),
  impossible: whyNoMachine,
  async run(report) {
    for (const machine of machines) await attack(machine, report);
  },
};

async function attack({ suite, name, isFull }: (typeof machines)[number], report: Report): Promise<void> {
  report.command("bs9 start a/app.ts --name a --port 4701 --force; bs9 describe a --json");
  const told = await inMachine(suite, played, {
    "a/app.ts": app,
    "a/package.json": "{}",
    "b/app.ts": app,
    "b/package.json": "{}",
    ...Object.fromEntries(Object.entries(attacks).map(([what, body]) => [`attacks/${what}`, body])),
    "attacks/listen": listen,
  });
  report.say(`${told.get("system")}: ${[...told].map(([what, value]) => `${what} ${value.slice(0, 60)}`).join("; ")}`);
  const { isolation, status } = JSON.parse(told.get("describe") ?? "") as Description;
  for (const { directive, why, mend } of isolation?.missing ?? []) report.say(`${directive}: ${why}. ${mend}`);
  const outcomes = ["signal", "signal-manager", "socket", "limit"].map((what) => told.get(what)?.includes("reached") === true);
  const one = (is: boolean) => (is ? 1 : 0);
  const figure = (what: string, unit: string, value: number, target: number) =>
    report.figure({ what, unit, value, target: { of: "value", ...(target === 0 ? { atMost: 0 } : { atLeast: target }) } });
  figure(effective(name), "of 1", one(status.sandbox === "effective"), 1);
  figure(isolated(name), "of 1", one(isolation?.verdict === "full"), one(isFull));
  const count = outcomes.filter(Boolean).length;
  // Linux 6.1 protects only the limits: two signals and the socket succeed, which `partial` reports.
  if (isFull) figure(reached(name), "attacks", count, 0);
  else report.figure({ what: reached(name), unit: "attacks", value: count, target: { of: "value", atMost: 3 } });
  const isKernelNamed = isolation?.missing.some(({ mend }) => mend.includes("Linux 6.12")) === true;
  if (isKernelNamed === isFull)
    throw new Error(`${name}: describe ${isFull ? "names" : "does not name"} the kernel that brings what is missing`);
  if (told.get("limit")?.includes("refused") !== true) throw new Error(`${name}: prlimit has reached another process`);
}

const played = `
start a/app.ts --name a --port 4701
start b/app.ts --name b --port 4702
tell system sh -c 'systemctl --version | head -1; uname -r'
# While the emulated machine is too slow for D-Bus, the sandbox is unknown.
look='for n in $(seq 30); do bs9 describe a --json >told; grep -q sandbox...unknown told || break; sleep 1; done; cat told'
tell describe as_ops sh -c "$look"
b=$(as_ops systemctl --user show --value -p MainPID b)
manager=$(systemctl show --value -p MainPID user@1000)
ask() { sed "s/VICTIM/$3/" "attacks/$2" | curl -sS --max-time 60 --data-binary @- "http://127.0.0.1:$1"; }
tell listen ask 4702 listen 0
tell signal ask 4701 signal "$b"
tell signal-manager ask 4701 signal "$manager"
tell socket ask 4701 socket 0
tell limit ask 4701 limit "$b"
tell exposure as_ops systemd-analyze --user security --no-pager a.service
exit 0
`;
