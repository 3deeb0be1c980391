// A seccomp filter that keeps a process from setting the limits of another process: prlimit64 with a pid other than 0 and its
// own fails with EPERM. Landlock and user namespaces do not restrict prlimit(2) between processes of one user.

type Machine = { native: number; nativeCall: number; compatible: number; compatibleCall: number };

// AUDIT_ARCH_* of linux/audit.h, and the number of prlimit64 under each. The 64-bit kernels of both also run 32-bit programs.
const machines: Record<"x64" | "arm64", Machine> = {
  x64: { native: 0xc000003e, nativeCall: 302, compatible: 0x40000003, compatibleCall: 340 },
  arm64: { native: 0xc00000b7, nativeCall: 261, compatible: 0x40000028, compatibleCall: 369 },
};

export type Architecture = keyof typeof machines;

/** The processor architecture by its name in Node; null if bs9 has no seccomp filter for it. */
export function architectureOf(name: string): Architecture | null {
  return name === "x64" || name === "arm64" ? name : null;
}

// linux/bpf_common.h and linux/seccomp.h.
const LOAD_WORD = 0x20;
const AND = 0x54;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const REFUSE_EPERM = 0x00050001;
const KILL_PROCESS = 0x80000000;
/** Offsets in struct seccomp_data. `pid_t` has 32 bits, so the kernel uses only the low word of the first argument. */
const at = { call: 0, architecture: 4, firstArgument: 16 };
/** An x32 program calls by the number of the 64-bit call with this bit set. */
const X32_BIT = 0x40000000;

const instructionBytes = 8;
/** The index of the instruction that compares with the own pid. */
const ownPidInstruction = 11;
/** The offset of the own pid in the filter, in bytes; it has 32 bits. */
export const ownPidOffset = ownPidInstruction * instructionBytes + 4;

/**
 * The program for seccomp(2) as bytes. Children inherit the filter with the pid of the process that added it. So prlimit(2) of
 * a child on its own pid is refused, while prlimit(2) with 0 is allowed, which libc, Node and Bun use.
 */
export function limitsFilter(architecture: Architecture, ownPid: number): Uint8Array<ArrayBuffer> {
  const { native, nativeCall, compatible, compatibleCall } = machines[architecture];
  return program([
    [LOAD_WORD, 0, 0, at.architecture],
    [JUMP_IF_EQUAL, 2, 0, native],
    [JUMP_IF_EQUAL, 4, 0, compatible],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD_WORD, 0, 0, at.call],
    [AND, 0, 0, architecture === "x64" ? ~X32_BIT >>> 0 : 0xffffffff],
    [JUMP_IF_EQUAL, 2, 6, nativeCall],
    [LOAD_WORD, 0, 0, at.call],
    [JUMP_IF_EQUAL, 0, 4, compatibleCall],
    [LOAD_WORD, 0, 0, at.firstArgument],
    [JUMP_IF_EQUAL, 2, 0, 0],
    [JUMP_IF_EQUAL, 1, 0, ownPid],
    [RETURN, 0, 0, REFUSE_EPERM],
    [RETURN, 0, 0, ALLOW],
  ]);
}

/** A filter that allows everything: /proc/PID/status counts filters, so this one marks how far a launcher got. */
export function markingFilter(): Uint8Array<ArrayBuffer> {
  return program([[RETURN, 0, 0, ALLOW]]);
}

/** The number of instructions, as struct sock_fprog needs it. */
export const lengthOf = (filter: Uint8Array): number => filter.length / instructionBytes;

/** struct sock_filter: code, the jumps for true and false, the value. */
function program(instructions: [code: number, ifTrue: number, ifFalse: number, value: number][]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(instructions.length * instructionBytes));
  for (const [i, [code, ifTrue, ifFalse, value]] of instructions.entries()) {
    view.setUint16(i * instructionBytes, code, true);
    view.setUint8(i * instructionBytes + 2, ifTrue);
    view.setUint8(i * instructionBytes + 3, ifFalse);
    view.setUint32(i * instructionBytes + 4, value, true);
  }
  return new Uint8Array(view.buffer);
}
