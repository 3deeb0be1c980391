// A program that runs under the launcher of a service, with nothing but the runtime: it tries to reach a process outside, and
// exits with 64 plus a bit for each attempt that succeeded. The backends read this file as text. Arguments: a pid, the name of
// an abstract socket, a file.
import { dlopen } from "bun:ffi";
import { readFileSync } from "node:fs";

const [pid = "", socket = "", file = ""] = process.argv.slice(-3);
const RLIMIT_NOFILE = 7;
const UNTRIED = 2;

const { symbols } = dlopen("libc.so.6", { prlimit: { args: ["i32", "i32", "ptr", "ptr"], returns: "i32" } });
const isLimited = (of: number): boolean => symbols.prlimit(of, RLIMIT_NOFILE, null, new BigUint64Array(2)) === 0;
/** Signal 0 is checked like every other signal, but is not delivered (kill(2)). */
const isSignalled = (of: number): boolean => isReached(() => process.kill(of, 0));
const isConnected = (name: string): Promise<boolean> =>
  Bun.connect({ unix: `\0${name}`, socket: { data() {} } }).then(
    () => true,
    () => false,
  );

function isReached(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

// A failed attempt proves something only if the same attempt succeeds within the service.
const own = `${socket}-own`;
Bun.listen({ unix: `\0${own}`, socket: { data() {} } });
if (!isLimited(0) || !isSignalled(process.pid) || !(await isConnected(own))) process.exit(UNTRIED);

const outside = Number(pid);
const reached = [isSignalled(outside), await isConnected(socket), isLimited(outside), isReached(() => readFileSync(file))];
process.exit(64 + reached.reduce((sum, is, i) => sum + (is ? 1 << i : 0), 0));
