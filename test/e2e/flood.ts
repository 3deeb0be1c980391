// A service that floods its own log files under systemd: how much of it is on disk after the quota holds again.
import { type Lab, until } from "../harness.ts";
import { bs9 } from "./bs9.ts";

/** The quota of all log files together (src/logs/store). */
export const quotaBytes = 1024 ** 3;

const bytesOfLine = 16;
const files = ".local/state/bs9/logs";

export type Flooded = { writtenBytes: number; bytesOnDisk: number; quotaHeldAfterMs: number; hasLastLine: boolean };

/** Waits until a service with `--log file` has written "done" to stderr. */
export async function untilDone(it: Lab, name: string): Promise<void> {
  await until(async () => (await it.asUser("ops", ["cat", `${files}/${name}/stderr.log`])).stdout === "done\n", {
    timeoutMs: 100_000,
    what: `${name} has written all its lines`,
  });
}

/** Writes that many numbered lines as fast as possible, and deletes the service at the end. */
export async function flood(it: Lab, lines: number): Promise<Flooded> {
  const script = `#!/bin/sh\nseq -f "%015.0f" 1 ${lines}\necho done >&2\nexec sleep 1000\n`;
  await it.writeFile("ops", "huge/huge.sh", script, "755");
  await bs9(it, "start", "huge/huge.sh", "--log", "file");
  await untilDone(it, "huge");
  const began = performance.now();
  const onDisk = async () => Number((await it.asUser("ops", ["du", "-s", "-B1", files])).stdout.split("\t")[0]);
  const bytesOnDisk = await until(
    async () => {
      const bytes = await onDisk();
      return bytes <= quotaBytes ? bytes : null;
    },
    { what: "the quota holds", timeoutMs: 20_000 },
  );
  const quotaHeldAfterMs = performance.now() - began;
  const { stdout } = await bs9(it, "logs", "huge", "-n", "3");
  await bs9(it, "delete", "huge", "--yes");
  return {
    writtenBytes: lines * bytesOfLine,
    bytesOnDisk,
    quotaHeldAfterMs,
    hasLastLine: stdout.includes(String(lines).padStart(15, "0")),
  };
}
