// Limits count as in force only where the kernel shows them.
import { expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { holdsCpu, holdsFiles, holdsMemory, limitsInForce } from "../../src/backend/limits.ts";
import type { Spec } from "../../src/service/spec.ts";

const limits = { memoryBytes: 512 * 1024 * 1024, cpuPercent: 150, files: 4096, tasks: 256 };
const spec = { limits } as Spec;

test("all limits are read from the files of the cgroup", () => {
  const cgroup = mkdtempSync(join(tmpdir(), "bs9-test-"));
  writeFileSync(join(cgroup, "memory.max"), "536870912\n");
  writeFileSync(join(cgroup, "cpu.max"), "150000 100000\n");
  writeFileSync(join(cgroup, "pids.max"), "256\n");
  const found = limitsInForce(spec, null, cgroup);
  expect(found).toEqual({
    memoryBytes: { value: limits.memoryBytes, inForce: true },
    cpuPercent: { value: 150, inForce: true },
    tasks: { value: 256, inForce: true },
    files: { value: 4096, inForce: false },
  });
});

test("no limit is in force without a cgroup or its controller, and a limit that is not set is null", () => {
  expect(limitsInForce(spec, null, null).tasks).toEqual({ value: 256, inForce: false });
  expect(limitsInForce(spec, null, "/proc").memoryBytes).toEqual({ value: limits.memoryBytes, inForce: false });
  expect(limitsInForce({ limits: { ...limits, memoryBytes: null, cpuPercent: null } } as Spec, null, null)).toMatchObject({
    memoryBytes: null,
    cpuPercent: null,
  });
});

test.each([
  [1_000_000, "999424", true], // rounded down to pages
  [1_000_000, "max", false],
  [1_000_000, "1003520", false],
  [1_000_000, "4096", false],
  [1_000_000, null, false],
])("bs9 decides correctly whether a memory limit of %p is in force if the cgroup shows %p", (bytes, shown, holds) =>
  expect(holdsMemory(shown, bytes)).toBe(holds),
);

test.each([
  [25, "25000 100000", true],
  [0.5, "5000 1000000", true],
  [25, "max 100000", false],
  [25, "50000 100000", false],
  [25, null, false],
])("bs9 decides correctly whether a CPU limit of %p percent is in force if the cgroup shows %p", (percent, shown, holds) =>
  expect(holdsCpu(shown, percent)).toBe(holds),
);

test("a limit on open files counts as in force if the hard limit of the process has that value", () => {
  expect(holdsFiles("Max open files            1024                 4096                 files     \n", 4096)).toBe(true);
  expect(holdsFiles("Max open files            1024                 524288               files     \n", 4096)).toBe(false);
  expect(holdsFiles(null, 4096)).toBe(false);
});
