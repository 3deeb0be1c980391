// Limits on an emulated machine with delegated control groups: what the kernel does to an app that exceeds them.
import { inMachine, whyNoMachine } from "./machine.ts";
import type { Proof } from "./proof.ts";

const killed = "apps beyond --memory that the kernel has killed (Result=oom-kill)";
const throttled = "CPU that an app got of a core under --cpu 25%";
const refused = "apps beyond --tasks whose next process was refused (EAGAIN)";
const inForce = "limits that bs9 status says are in force, of memory, CPU and tasks";
const exposure = "exposure of a service under the standard profile (systemd-analyze security)";

/** Allocates more and more memory, a MiB at a time. */
const hungry = `const held = [];
setTimeout(() => { for (;;) held.push(Buffer.alloc(1024 * 1024, 1)); }, 3000);
`;
const busy = `Bun.serve({ port: Number(process.env.PORT), fetch: () => new Response("up") });
setInterval(() => { const end = performance.now() + 95; while (performance.now() < end); }, 100);
`;
/** Starts processes until one is refused, and answers with the reason. */
const many = `const { spawn } = require("node:child_process");
Bun.serve({ port: Number(process.env.PORT), async fetch() {
  for (let i = 0; i < 200; i++) {
    try {
      const child = spawn("sleep", ["600"]);
      const why = await new Promise((done) => { child.on("error", ({ code }) => done(code)); child.on("spawn", () => done(null)); });
      if (why !== null) return new Response(why);
    } catch (error) { return new Response(error.code ?? String(error)); }
  }
  return new Response("all began");
} });
`;

export const proof: Proof = {
  word: "limits",
  what: "limits of memory, CPU and tasks on an emulated machine with systemd 257",
  figures: [killed, throttled, refused, inForce, exposure],
  impossible: whyNoMachine,
  async run(report) {
    report.command("bs9 start hungry/app.ts --memory 128M --restart no; bs9 start busy/app.ts --cpu 25%; bs9 start many/app.ts --tasks 40");
    const told = await inMachine("trixie", played, { "hungry/app.ts": hungry, "busy/app.ts": busy, "many/app.ts": many });
    report.say([...told].map(([what, value]) => `${what} ${value.slice(0, 100)}`).join("; "));
    const text = (name: string) => told.get(name)?.trim() ?? "";
    report.figure({ what: killed, unit: "of 1", value: Number(text("hungry") === "oom-kill"), target: { of: "value", atLeast: 1 } });
    const [usec = 0, atMs = 0, laterUsec = 0, laterMs = 0] = text("busy").split(/\s+/).map(Number);
    const percent = (laterUsec - usec) / (laterMs - atMs) / 10;
    report.figure({ what: throttled, unit: "%", value: Math.round(percent * 10) / 10, target: { of: "value", atMost: 27 } });
    report.figure({ what: refused, unit: "of 1", value: Number(text("many") === "EAGAIN"), target: { of: "value", atLeast: 1 } });
    const held = text("limits").match(/"inForce":\s*true/g)?.length ?? 0;
    report.figure({ what: inForce, unit: "of 4, open files included", value: held, target: { of: "value", atLeast: 4 } });
    const level = Number(/level for many.service: ([\d.]+)/.exec(text("exposure"))?.[1] ?? Number.NaN);
    report.figure({ what: exposure, unit: "of 10", value: level, target: { of: "value", atMost: 1.7 } });
  },
};

const played = `
start hungry/app.ts --name hungry --memory 128M --restart no
start many/app.ts --name many --port 4702 --tasks 40 --memory 256M --cpu 200%
tell limits as_ops bs9 status many --json
tell many curl -sS --max-time 120 http://127.0.0.1:4702/
for _ in $(seq 240); do [[ $(as_ops systemctl --user show --value -p ActiveState hungry) == failed ]] && break; sleep 0.5; done
tell hungry as_ops systemctl --user show --value -p Result hungry
start busy/app.ts --name busy --port 4701 --cpu 25%
usage() { local group; group=$(as_ops systemctl --user show --value -p ControlGroup busy); echo "$(sed -n 's/^usage_usec //p' "/sys/fs/cgroup$group/cpu.stat") $(($(date +%s%N) / 1000000))"; }
measure() { usage; sleep 20; usage; }
tell busy measure
tell exposure as_ops systemd-analyze --user security --no-pager many.service
exit 0
`;
