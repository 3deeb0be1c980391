// The machine code of the launcher: makes the system calls of a table, one row after the other, then executes its arguments. It
// is the only machine code of bs9; `launcher.ts` and `files.ts` write the table of calls.
//
// A row has eight words of 64 bits: the number of the call, the addresses of its five arguments, the address for its result (32
// bits), and the address of the row that follows where the call fails. Two numbers are not system calls: END ends the table,
// and COMPARE goes on with the next row where the first two arguments are equal, else with the other row.
import type { Architecture } from "../../../backend/limits-filter.ts";

export const wordBytes = 8;
export const rowWords = 8;
export const END = -1n;
/** The machine code takes any negative number except END as COMPARE. */
export const COMPARE = -2n;

type Instruction = [bytes: string, source: string];

/** `ADDRESS` stands for the address of the first row. The source text is in the syntax of the GNU assembler. */
const code: Record<Architecture, Instruction[]> = {
  x64: [
    ["48 bb ADDRESS", "mov rbx, ADDRESS"],
    ["48 8b 4b 08", "next: mov rcx, [rbx+8]"],
    ["48 8b 39", "mov rdi, [rcx]"],
    ["48 8b 4b 10", "mov rcx, [rbx+16]"],
    ["48 8b 31", "mov rsi, [rcx]"],
    ["48 8b 4b 18", "mov rcx, [rbx+24]"],
    ["48 8b 11", "mov rdx, [rcx]"],
    ["48 8b 4b 20", "mov rcx, [rbx+32]"],
    ["4c 8b 11", "mov r10, [rcx]"],
    ["48 8b 4b 28", "mov rcx, [rbx+40]"],
    ["4c 8b 01", "mov r8, [rcx]"],
    ["48 8b 03", "mov rax, [rbx]"],
    ["48 85 c0", "test rax, rax"],
    ["78 13", "js other"],
    ["0f 05", "syscall"],
    ["48 85 c0", "test rax, rax"],
    ["78 16", "js failed"],
    ["48 8b 4b 30", "mov rcx, [rbx+48]"],
    ["89 01", "mov [rcx], eax"],
    ["48 83 c3 40", "passed: add rbx, 64"],
    ["eb c2", "jmp next"],
    ["48 ff c0", "other: inc rax"],
    ["74 0b", "jz run"],
    ["48 39 f7", "cmp rdi, rsi"],
    ["74 f0", "je passed"],
    ["48 8b 5b 38", "failed: mov rbx, [rbx+56]"],
    ["eb b2", "jmp next"],
    // The stack holds argc, argv, a null, envp: execve(argv[1], &argv[1], envp), else exit_group(203).
    ["48 8b 0c 24", "run: mov rcx, [rsp]"],
    ["48 8d 74 24 10", "lea rsi, [rsp+16]"],
    ["48 8b 3e", "mov rdi, [rsi]"],
    ["48 8d 14 ce", "lea rdx, [rsi+rcx*8]"],
    ["6a 3b", "push 59"],
    ["58", "pop rax"],
    ["0f 05", "syscall"],
    ["bf cb 00 00 00", "mov edi, 203"],
    ["b8 e7 00 00 00", "mov eax, 231"],
    ["0f 05", "syscall"],
  ],
  arm64: [
    ["13 04 00 58", "ldr x19, rows"],
    ["60 86 40 a9", "next: ldp x0, x1, [x19, #8]"],
    ["62 8e 41 a9", "ldp x2, x3, [x19, #24]"],
    ["64 16 40 f9", "ldr x4, [x19, #40]"],
    ["00 00 40 f9", "ldr x0, [x0]"],
    ["21 00 40 f9", "ldr x1, [x1]"],
    ["42 00 40 f9", "ldr x2, [x2]"],
    ["63 00 40 f9", "ldr x3, [x3]"],
    ["84 00 40 f9", "ldr x4, [x4]"],
    ["68 02 40 f9", "ldr x8, [x19]"],
    ["e8 00 f8 b7", "tbnz x8, #63, other"],
    ["01 00 00 d4", "svc #0"],
    ["20 01 f8 b7", "tbnz x0, #63, failed"],
    ["69 1a 40 f9", "ldr x9, [x19, #48]"],
    ["20 01 00 b9", "str w0, [x9]"],
    ["73 02 01 91", "passed: add x19, x19, #64"],
    ["f1 ff ff 17", "b next"],
    ["1f 05 00 b1", "other: cmn x8, #1"],
    ["a0 00 00 54", "b.eq run"],
    ["1f 00 01 eb", "cmp x0, x1"],
    ["60 ff ff 54", "b.eq passed"],
    ["73 1e 40 f9", "failed: ldr x19, [x19, #56]"],
    ["eb ff ff 17", "b next"],
    ["e9 03 40 f9", "run: ldr x9, [sp]"],
    ["e1 43 00 91", "add x1, sp, #16"],
    ["20 00 40 f9", "ldr x0, [x1]"],
    ["22 0c 09 8b", "add x2, x1, x9, lsl #3"],
    ["a8 1b 80 d2", "mov x8, #221"],
    ["01 00 00 d4", "svc #0"],
    ["60 19 80 d2", "mov x0, #203"],
    ["c8 0b 80 d2", "mov x8, #94"],
    ["01 00 00 d4", "svc #0"],
    ["ADDRESS", "rows: .quad ADDRESS"],
  ],
};

/** The bytes of the loop for a table at this address. */
export function loopAt(architecture: Architecture, rows: bigint): Uint8Array {
  const address = Buffer.alloc(wordBytes);
  address.writeBigUInt64LE(rows);
  const bytes = code[architecture].map(([hex]) => hex.replace("ADDRESS", address.toString("hex")).replaceAll(" ", ""));
  return Buffer.from(bytes.join(""), "hex");
}
