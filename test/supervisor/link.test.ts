// Who asks the supervisor from within its own process is told of each change, in the order that they happen.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { binary } from "../harness.ts";
import { Place } from "./bs9.ts";

test("a start, a crash, a recycling and a stop are told as they happen, and nothing after that", async () => {
  const place = new Place();
  try {
    const child = Bun.spawn([binary(), join(import.meta.dir, "../fixtures/linked.ts")], {
      env: { ...place.env, BUN_BE_BUN: "1" },
      stdio: ["ignore", "pipe", "inherit"],
      timeout: 25_000,
      killSignal: "SIGKILL",
    });
    const said = await new Response(child.stdout).text();
    expect(await child.exited).toBe(0);
    expect(JSON.parse(said)).toEqual({
      started: ["web activating", "web active"],
      // Its main process is gone, and what it has started is not.
      leaving: ["deactivating", "web null"],
      // Once for the delay, once for the launcher.
      crashed: ["web activating", "web activating", "web active"],
      recycled: ["web deactivating", "web null", "web activating", "web activating", "web active"],
      pids: 3,
      stopped: ["web deactivating", "web null", "web inactive"],
      bySocket: null,
      closed: [],
    });
  } finally {
    await place.down();
  }
}, 120_000);
