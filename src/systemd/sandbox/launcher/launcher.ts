// The launcher of a service: a file of a few KiB that a unit executes first. It checks the mounts, gives stderr its own
// connection to the journal, adds a filter against prlimit64 and Landlock rules, then executes its arguments. The file is
// written for one service, needs no library and no runtime, and takes less than a millisecond. The process stays the same, as
// in chainloading (execline), and the environment is passed on unchanged.
import { givenUpStatus } from "../../../backend/ended.ts";
import { attributeBytes, landlockCalls, rulesetAttributes, scopes, scopesVersion } from "../../../backend/landlock.ts";
import { type Architecture, lengthOf, limitsFilter, markingFilter, ownPidOffset } from "../../../backend/limits-filter.ts";
import { runCheck } from "./check.ts";
import { closeFiles, type Files } from "./files.ts";
import { type Numbers, numbersOf } from "./numbers.ts";
import { connectStderr } from "./stderr.ts";
import { Label, type MemoryAddress, Table } from "./table.ts";

export type LauncherOptions = {
  /** If this file exists, the service is given up and not started; null: there is no start limit. */
  givenUp: string | null;
  /** The identifier of stderr in the journal. */
  stderr: string;
  /** The arguments of the check of mounts; null: there is nothing to check. */
  check: string[] | null;
  /** How the launcher isolates the program; null if it does not. */
  shut: Shut | null;
};

export type Shut = {
  /** The paths that Landlock opens; null: Landlock does not restrict files. */
  files: Files | null;
  /** True if the program must not be executed unless the kernel keeps its signals and abstract sockets inside the service. */
  isIsolationRequired: boolean;
};

/**
 * The number of filters that the launcher adds to those of the unit: first the one on prlimit64, then, once the Landlock scopes
 * are in force, an empty one as a mark.
 */
export const ownFilters = { limits: 1, scopes: 2 };

const AT_FDCWD = -100;
const O_PATH = 0o10000000;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;
// The exit statuses that systemd.exec(5) defines for the same failures.
const EXIT_NAMESPACE = 226;
const EXIT_NO_NEW_PRIVILEGES = 227;
const EXIT_SECCOMP = 228;

const STDERR = 2;
const notChecked = "bs9: cannot check the mounts: awk is missing or did not end\n";

/** The bytes of the launcher. */
export function launcherFile(architecture: Architecture, { givenUp, stderr, check, shut }: LauncherOptions): Uint8Array {
  const table = new Table();
  const numbers = numbersOf[architecture];
  const unchecked = new Label();
  if (givenUp !== null) endIfThere(table, numbers, givenUp);
  connectStderr(table, numbers, stderr);
  // The check runs last, because it takes some milliseconds: until then the filters already show that the launcher has run.
  const finish = () => {
    if (check !== null) runCheck(table, numbers, check, unchecked);
    table.end();
  };
  if (shut === null) finish();
  else shutIn(table, architecture, shut, finish);
  table.mark(unchecked);
  table.attempt(numbers.write, [STDERR, table.text(notChecked), notChecked.length]);
  table.exit(numbers.exit_group, EXIT_NAMESPACE);
  return table.file(architecture);
}

function endIfThere(table: Table, numbers: Numbers, path: string): void {
  const after = new Label();
  table.call(numbers.openat, [AT_FDCWD, table.text(path), O_PATH, 0], { orElse: after });
  table.exit(numbers.exit_group, givenUpStatus);
  table.mark(after);
}

/**
 * Where the kernel has no Landlock, or an older version, the launcher goes on without it, so that services start on another
 * kernel too; the number of filters shows what is in force. Where the kernel has a feature and refuses it, the launcher ends.
 */
function shutIn(table: Table, architecture: Architecture, { files, isIsolationRequired }: Shut, finish: () => void): void {
  const numbers = numbersOf[architecture];
  const [noPrivileges, noFilter, noLandlock, run] = [new Label(), new Label(), new Label(), new Label()];

  table.call(numbers.prctl, [PR_SET_NO_NEW_PRIVS, 1], { orElse: noPrivileges });
  const filter = limitsFilter(architecture, 0);
  const filterAt = table.bytes(filter);
  table.call(numbers.getpid, [], { into: { address: filterAt.address + BigInt(ownPidOffset) }, orElse: noFilter });
  const takeFilter = (bytes: Uint8Array, at: MemoryAddress) =>
    table.call(numbers.prctl, [PR_SET_SECCOMP, SECCOMP_MODE_FILTER, programAt(table, bytes, at)], { orElse: noFilter });
  takeFilter(filter, filterAt);

  const unscoped = new Label();
  const ruleset = table.words(0n);
  const attributes = table.words(...rulesetAttributes(scopesVersion, 0n, scopes));
  const scoping = { into: ruleset, orElse: isIsolationRequired ? noLandlock : unscoped };
  table.call(landlockCalls.createRuleset, [attributes, attributeBytes(scopesVersion)], scoping);
  table.call(landlockCalls.restrictSelf, [{ valueAt: ruleset }], { orElse: noLandlock });
  const marking = markingFilter();
  takeFilter(marking, table.bytes(marking));

  table.mark(unscoped);
  if (files !== null) closeFiles(table, files, { numbers, run, failed: noLandlock });
  table.mark(run);
  finish();
  for (const [label, status] of [
    [noPrivileges, EXIT_NO_NEW_PRIVILEGES],
    [noFilter, EXIT_SECCOMP],
    [noLandlock, EXIT_NAMESPACE],
  ] as const) {
    table.mark(label);
    table.exit(numbers.exit_group, status);
  }
}

/** Places a struct sock_fprog. */
function programAt(table: Table, filter: Uint8Array, at: MemoryAddress): MemoryAddress {
  return table.words(BigInt(lengthOf(filter)), at.address);
}
