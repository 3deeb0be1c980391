// The filter on prlimit64, simulated for calls of each kind of program.
import { describe, expect, test } from "bun:test";
import { lengthOf, limitsFilter, markingFilter } from "../../src/backend/limits-filter.ts";

const ALLOW = 0x7fff0000;
const REFUSE = 0x00050001;
const KILL = 0x80000000;
const own = 4242;

type Call = { architecture: number; call: number; pid: bigint };

/** Runs the program as bpf(4) describes. */
function play(filter: Uint8Array, { architecture, call, pid }: Call): number {
  const seen = new DataView(new ArrayBuffer(64));
  seen.setUint32(0, call, true);
  seen.setUint32(4, architecture, true);
  seen.setBigUint64(16, BigInt.asUintN(64, pid), true);
  const program = new DataView(filter.buffer);
  let value = 0;
  for (let at = 0; ; at++) {
    const [code, ifTrue, ifFalse] = [program.getUint16(at * 8, true), program.getUint8(at * 8 + 2), program.getUint8(at * 8 + 3)];
    const constant = program.getUint32(at * 8 + 4, true);
    if (code === 0x20) value = seen.getUint32(constant, true);
    else if (code === 0x54) value = (value & constant) >>> 0;
    else if (code === 0x15) at += value === constant ? ifTrue : ifFalse;
    else return constant;
  }
}

describe.each([
  ["x64", "x86_64", 0xc000003e, 302],
  ["x64", "i386", 0x40000003, 340],
  ["x64", "x32", 0xc000003e, 0x40000000 + 302],
  ["arm64", "aarch64", 0xc00000b7, 261],
  ["arm64", "32-bit arm", 0x40000028, 369],
] as const)("under the filter on %s a program of %s", (machine, _, architecture, call) => {
  const filter = limitsFilter(machine, own);
  const outcome = (pid: bigint, number: number = call) => play(filter, { architecture, call: number, pid });

  test("a program can set its own limits, by 0 and by its pid, but no limits of other processes", () => {
    expect(outcome(0n)).toBe(ALLOW);
    expect(outcome(BigInt(own))).toBe(ALLOW);
    for (const pid of [1n, 4241n, 4243n, -1n]) expect(outcome(pid)).toBe(REFUSE);
  });

  test("the filter compares only the low 32 bits of a pid, as the kernel does", () => {
    expect(outcome((7n << 32n) + 1n)).toBe(REFUSE);
    expect(outcome(7n << 32n)).toBe(ALLOW);
  });

  test("a program can make every other system call", () => {
    for (const number of [call - 1, call + 1, 0, 62]) expect(outcome(1n, number)).toBe(ALLOW);
  });
});

test("a program of an architecture that the filter does not know is killed", () => {
  expect(play(limitsFilter("x64", own), { architecture: 0xc00000b7, call: 261, pid: 1n })).toBe(KILL);
});

test("the filter that only marks the progress of the launcher allows every system call", () => {
  expect(lengthOf(markingFilter())).toBe(1);
  expect(play(markingFilter(), { architecture: 1, call: 302, pid: 1n })).toBe(ALLOW);
});
