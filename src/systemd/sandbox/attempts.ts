// A program that runs inside the sandbox of the probe, with nothing but the runtime: it tries actions that the sandbox should
// forbid, and writes how each ended. probe.ts reads this file as text.
//
// The arguments of each system call are invalid, and the kernel checks them before the rights of the caller. Without a filter
// the call therefore ends with another error than EPERM, and EPERM can only come from the filter.
import { ptr as addressOf, dlopen, FFIType, read } from "bun:ffi";
import { chmodSync, mkdirSync, readFileSync, readlinkSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { constants } from "node:os";

type Ask = { hidden: string[]; unwritable: string[]; stranger: number; sockets: string[] };

const ask: Ask = JSON.parse(readFileSync("ask.json", "utf8"));
const { i32, i64, u64, ptr } = FFIType;
const libc = dlopen("libc.so.6", {
  __errno_location: { args: [], returns: ptr },
  socket: { args: [i32, i32, i32], returns: i32 },
  connect: { args: [i32, ptr, i32], returns: i32 },
  unshare: { args: [i32], returns: i32 },
  personality: { args: [u64], returns: i32 },
  sched_setscheduler: { args: [i32, i32, u64], returns: i32 },
  mount: { args: [u64, u64, u64, u64, u64], returns: i32 },
  chroot: { args: [u64], returns: i32 },
  setpriority: { args: [i32, i32, i32], returns: i32 },
  syscall: { args: [i64, i64, i64, i64, i64, i64], returns: i64 },
}).symbols;
const errnoAt = libc.__errno_location();
const errnoNames = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

const arm = process.arch === "arm64";
const numberOf = arm
  ? { ptrace: 117, settimeofday: 170, keyctl: 219, perf_event_open: 241 }
  : { ptrace: 101, settimeofday: 164, keyctl: 250, perf_event_open: 298 };
/** unshare(2): with CLONE_THREAD a program with several threads gets EINVAL before the kernel checks anything else. */
const CLONE_THREAD = 0x10000;
const clone = { user: 0x10000000, mnt: 0x20000, uts: 0x4000000, ipc: 0x8000000, pid: 0x20000000, net: 0x40000000, cgroup: 0x2000000 };
const families = { unix: 1, inet: 2, inet6: 10, netlink: 16, packet: 17 };

const outcomes: Record<string, string> = {};
for (const [name, number] of Object.entries(families)) {
  // packet(7) and netlink(7) need raw sockets.
  const type = number === families.packet || number === families.netlink ? 3 : 1;
  outcomes[`socket ${name}`] = ended(() => libc.socket(number, type, 0));
}
for (const [name, flag] of Object.entries(clone)) outcomes[`unshare ${name}`] = ended(() => libc.unshare(CLONE_THREAD | flag));
outcomes["personality"] = ended(() => libc.personality(0x0008));
outcomes["real time"] = ended(() => libc.sched_setscheduler(0, 2, 0));
outcomes["mount"] = ended(() => libc.mount(0, 0, 0, 0, 0));
outcomes["ptrace"] = ended(() => Number(libc.syscall(numberOf.ptrace, 16, 0, 0, 0, 0)));
outcomes["perf_event_open"] = ended(() => Number(libc.syscall(numberOf.perf_event_open, 0, 0, 0, 0, 0xff00)));
outcomes["chroot"] = ended(() => libc.chroot(0));
outcomes["setpriority"] = ended(() => libc.setpriority(99, 0, 0));
outcomes["settimeofday"] = ended(() => Number(libc.syscall(numberOf.settimeofday, 1, 0, 0, 0, 0)));
outcomes["setuid bit"] = caught(() => chmodSync("ask.json", 0o4600));
outcomes["other ABI"] = otherAbi();
outcomes["keyring"] = keyring();
outcomes["stranger"] = caught(() => readFileSync(`/proc/${ask.stranger}/environ`));
for (const path of ask.sockets) outcomes[`connect ${path}`] = ended(() => connected(path));
for (const path of ask.hidden) outcomes[`see ${path}`] = caught(() => statSync(path));
for (const folder of ask.unwritable) outcomes[`write ${folder}`] = caught(() => written(folder));

const proc = (name: string) => readFileSync(`/proc/self/${name}`, "utf8");
const ns = Object.fromEntries(["user", "mnt", "ipc", "uts"].map((name) => [name, readlinkSync(`/proc/self/ns/${name}`)]));
writeFileSync(
  "report.json",
  JSON.stringify({ outcomes, live: { status: proc("status"), uidMap: proc("uid_map"), mountinfo: proc("mountinfo"), ns } }),
);

function ended(call: () => number): string {
  let name = "";
  // errno belongs to this thread, but the engine may overwrite it between call and reading, so one EPERM in three turns is
  // enough.
  for (let turn = 0; turn < 3 && name !== "EPERM"; turn++) {
    if (call() !== -1) return "done";
    const errno = errnoAt === null ? 0 : read.i32(errnoAt, 0);
    name = errnoNames.get(errno) ?? String(errno);
  }
  return name;
}

/** unix(7): the family in two bytes of native byte order, then the path with a terminating zero. */
function connected(path: string): number {
  const address = Buffer.concat([Buffer.from([families.unix, 0]), Buffer.from(`${path}\0`)]);
  return libc.connect(libc.socket(families.unix, 1, 0), address, address.length);
}

function caught(attempt: () => unknown): string {
  try {
    attempt();
    return "done";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

function written(folder: string): void {
  const path = `${folder}/.bs9-probe-${process.pid}`;
  mkdirSync(path);
  rmdirSync(path);
}

/** Runs a program of the other ABI that exits with 42: a filter that allows only the native ABI kills it with SIGSYS. */
function otherAbi(): string {
  const code = arm ? [0x2a, 0x00, 0xa0, 0xe3, 0x01, 0x70, 0xa0, 0xe3, 0, 0, 0, 0xef] : [0xbb, 0x2a, 0, 0, 0, 0xb8, 1, 0, 0, 0, 0xcd, 0x80];
  const elf = new DataView(new ArrayBuffer(84 + code.length));
  const at = 0x10000;
  for (const [offset, value] of [0x7f454c46, 0x01010100].entries()) elf.setUint32(offset * 4, value);
  const halves: [number, number][] = [
    [16, 2],
    [18, arm ? 40 : 3],
    [40, 52],
    [42, 32],
    [44, 1],
  ];
  const words: [number, number][] = [
    [20, 1],
    [24, at + 84],
    [28, 52],
    [36, arm ? 0x05000000 : 0],
    [52, 1],
    [60, at],
    [64, at],
    [68, elf.byteLength],
    [72, elf.byteLength],
    [76, 5],
    [80, 0x1000],
  ];
  for (const [offset, value] of halves) elf.setUint16(offset, value, true);
  for (const [offset, value] of words) elf.setUint32(offset, value, true);
  for (const [offset, value] of code.entries()) elf.setUint8(84 + offset, value);
  try {
    writeFileSync("abi", elf, { mode: 0o700 });
    const { exitCode, signalCode } = Bun.spawnSync(["./abi"], { timeout: 2000, stdio: ["ignore", "ignore", "ignore"] });
    return exitCode === 42 ? "done" : `${signalCode ?? exitCode}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

/** A session keyring that belongs to the unit holds the invocation id of the unit (systemd.exec(5), KeyringMode=). */
function keyring(): string {
  const text = (value: string) => Buffer.from(`${value}\0`);
  const type = text("user");
  const description = text("invocation_id");
  const id = Buffer.alloc(16);
  const [SEARCH, READ, SESSION] = [10, 11, -3];
  const call = (operation: number, a: number, b: number, c: number) => libc.syscall(numberOf.keyctl, operation, a, b, c, 0);
  let key = -1;
  const found = ended(() => {
    key = Number(call(SEARCH, SESSION, addressOf(type), addressOf(description)));
    return key;
  });
  if (found !== "done") return found;
  if (Number(call(READ, key, addressOf(id), id.length)) !== id.length) return "unreadable";
  return id.toString("hex") === process.env["INVOCATION_ID"] ? "own" : "somebody else's";
}
