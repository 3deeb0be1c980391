// The system calls that run the check of mounts (mount-check.ts) as a child, and end the process where the check fails.
import { wrongMountStatus } from "../../../backend/ended.ts";
import type { Numbers } from "./numbers.ts";
import { Label, type MemoryAddress, type Table } from "./table.ts";

const SIGCHLD = 17;
// The flags of clone(2) that make it work as vfork(2): no memory is copied, and the parent waits until the child has executed
// the program.
const CLONE_VM = 0x100;
const CLONE_VFORK = 0x4000;
const ANY_CHILD = -1;
const STDOUT = 1;
const STDERR = 2;
const EXIT_NOT_FOUND = 127;

/**
 * The child gets only these environment variables, because variables of the service could change what a program does. If the
 * check cannot be run, the launcher continues with the row `failed` of its table of system calls.
 */
export function runCheck(table: Table, numbers: Numbers, words: string[], failed: Label): void {
  const [child, notGood, done] = [new Label(), new Label(), new Label()];
  const status = table.words(0n);
  const argv = vector(table, words);
  const environment = vector(table, ["LC_ALL=C", "PATH=/usr/bin:/bin"]);
  table.call(numbers.clone, [SIGCHLD | CLONE_VM | CLONE_VFORK, 0, 0, 0, 0], { orElse: failed });
  // Parent and child both continue here. The child has no children, so wait4(2) fails in it and leads to its own rows.
  table.call(numbers.wait4, [ANY_CHILD, status, 0, 0], { orElse: child });
  table.compare(status, 0, { orElse: notGood });
  table.goto(done);

  table.mark(child);
  // The output of the check goes to the log of the service.
  table.attempt(numbers.dup3, [STDERR, STDOUT, 0]);
  for (const folder of ["/usr/bin", "/bin"]) table.attempt(numbers.execve, [table.text(`${folder}/${words[0]}`), argv, environment]);
  table.exit(numbers.exit_group, EXIT_NOT_FOUND);

  table.mark(notGood);
  // wait(2): the exit status is in the second byte.
  table.compare(status, wrongMountStatus << 8, { orElse: failed });
  table.exit(numbers.exit_group, wrongMountStatus);
  table.mark(done);
}

/** A null-terminated array of strings, as execve(2) takes it. */
function vector(table: Table, words: string[]): MemoryAddress {
  return table.words(...words.map((word) => table.text(word).address), 0n);
}
