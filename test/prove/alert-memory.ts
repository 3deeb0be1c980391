// Alerts on an emulated machine with delegated control groups: services that leak until the kernel kills them at their limit.
import type { AlertEvent } from "../../src/alerting/message.ts";
import { inMachine, whyNoMachine } from "./machine.ts";
import type { Proof } from "./proof.ts";

const names = { restarted: "that systemd restarts", ended: "that is not restarted", supervised: "under the supervisor" };
const figureOf = (which: string, kind: string) => `a leak of a service ${which}, told once as ${kind}`;
const kinds = { firing: "killed for memory", resolved: "well again" };

/** Leaks in its first run only. */
const leaking = `import { existsSync, writeFileSync } from "node:fs";
const held = [];
if (!existsSync("leaked")) setTimeout(() => { writeFileSync("leaked", ""); for (;;) held.push(Buffer.alloc(1024 * 1024, 1)); }, 5000);
else setInterval(() => {}, 1000);
`;
const receiving = `import { appendFileSync } from "node:fs";
Bun.serve({ port: Number(process.env.PORT), hostname: "127.0.0.1", async fetch(request) {
  for (const event of (await request.json()).events) appendFileSync("events", JSON.stringify(event) + "\\n");
  return new Response("ok");
} });
`;
const project = '[services.supervised]\nentry = "app.ts"\nmemory = "128M"\n';
const alerts = JSON.stringify({ cooldownSeconds: 0, channels: { webhooks: [{ url: "http://127.0.0.1:4710/" }] } });

export const proof: Proof = {
  word: "alert-memory",
  what: "alerts of services that leak to their --memory limit, on an emulated machine with systemd 257",
  figures: Object.values(names).flatMap((which) => Object.values(kinds).map((kind) => figureOf(which, kind))),
  impossible: whyNoMachine,
  async run(report) {
    report.command("bs9 start restarted/app.ts --memory 128M; bs9 start ended/app.ts --memory 128M --restart no; bs9 run bs9.toml");
    const told = await inMachine("trixie", played, {
      "receiving/package.json": "{}",
      "receiving/app.ts": receiving,
      ...Object.fromEntries(
        ["restarted", "ended", "supervised"].flatMap((name) => [
          [`${name}/package.json`, "{}"],
          [`${name}/app.ts`, leaking],
        ]),
      ),
      "supervised/bs9.toml": project,
      ".config/bs9/alerts.json": alerts,
      "sup/config/alerts.json": alerts,
    });
    const events = (told.get("events") ?? "").split(/ (?=\{)/).filter((text) => text.startsWith("{"));
    report.say(`${events.length} events; ${told.get("trouble") ?? ""}`);
    for (const [name, which] of Object.entries(names)) {
      const own = events.map((text) => JSON.parse(text) as AlertEvent).filter(({ subject }) => subject === name);
      for (const event of own) report.say(`${event.kind} ${event.rule}: ${event.sentence}`);
      for (const [kind, words] of Object.entries(kinds)) {
        const count = own.filter((event) => event.kind === kind && /memory/.test(event.sentence)).length;
        const isOnce = count === 1 && own.filter((event) => event.kind === kind).length === 1;
        report.figure({ what: figureOf(which, words), unit: "exactly once", value: Number(isOnce), target: { of: "value", atLeast: 1 } });
      }
    }
  },
};

/** The receiver is a service too. A service that runs again is well after a minute without another kill. */
const played = `
start receiving/app.ts --name receiving --port 4710
start restarted/app.ts --name restarted --memory 128M
start ended/app.ts --name ended --memory 128M --restart no
as_ops systemd-run --user --quiet --unit=sup -p Delegate=yes -p WorkingDirectory=/home/ops/supervised -E PATH=/home/ops/.local/bin:/usr/bin:/bin -E BS9_HOME=/home/ops/sup -E BS9_BACKEND=supervisor bs9 run bs9.toml --port 0
has() { for _ in $(seq 480); do grep -q "\\"kind\\":\\"$2\\",\\"subject\\":\\"$1\\"" receiving/events 2>/dev/null && return; sleep 0.5; done; echo "$1 was never $2"; }
has ended firing
as_ops systemctl --user start ended
has restarted firing; has supervised firing
has ended resolved; has restarted resolved; has supervised resolved
sleep 10
tell events cat receiving/events
tell trouble as_ops journalctl --user -u sup -n 3 -o cat
exit 0
`;
