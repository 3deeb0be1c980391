// Ten minutes of load on five services, while their supervisor is killed again and again.
import { Place } from "../supervisor/bs9.ts";
import { killSupervisor, Load, names, startFive } from "../supervisor/loaded.ts";
import type { Proof } from "./proof.ts";

const lastsMs = 10 * 60_000;
const betweenKillsMs = 20_000;
const asked = "requests in ten minutes of load";
const failed = "requests that failed while the supervisor was killed";
const moved = "services with another pid in the end";

export const proof: Proof = {
  word: "load",
  what: "ten minutes of load on five services whose supervisor is killed every 20 s",
  figures: [asked, failed, moved],
  impossible: () => null,
  async run(report) {
    const place = new Place();
    try {
      place.furnish();
      const ports = await startFive(place);
      report.command("bs9 start five/app.ts --name one --port N   # and four more");
      report.command("kill -9 $(pgrep -f 'bs9 run'); bs9 status");
      const before = await Promise.all(names.map((name) => place.pidOf(name)));
      const load = new Load(ports.values());
      const end = performance.now() + lastsMs;
      while (performance.now() < end) {
        await killSupervisor(place, load);
        await Bun.sleep(Math.min(betweenKillsMs, Math.max(0, end - performance.now())));
      }
      await load.stop();
      const after = await Promise.all(names.map((name) => place.pidOf(name)));
      report.figure({ what: asked, unit: "requests", value: load.asked, target: null });
      report.figure({ what: failed, unit: "requests", value: load.failed, target: { of: "value", atMost: 0 } });
      const count = after.filter((pid, i) => pid !== before[i]).length;
      report.figure({ what: moved, unit: "services", value: count, target: { of: "value", atMost: 0 } });
    } finally {
      await place.down();
    }
  },
};
