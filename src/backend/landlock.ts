// The constants of Landlock (landlock(7), linux/landlock.h) that both launchers use.

export const LANDLOCK_CREATE_RULESET_VERSION = 1;
export const LANDLOCK_RULE_PATH_BENEATH = 1;

/** The system calls; their numbers are the same on every architecture. */
export const landlockCalls = { createRuleset: 444, addRule: 445, restrictSelf: 446 };

const EXECUTE = 1n << 0n;
const WRITE_FILE = 1n << 1n;
const READ_FILE = 1n << 2n;
const READ_DIR = 1n << 3n;
const REMOVE_FILE = 1n << 5n;
const MAKE_SOCK = 1n << 9n;
const REFER = 1n << 13n;
const TRUNCATE = 1n << 14n;
const IOCTL_DEV = 1n << 15n;

export const readingRights = EXECUTE | READ_FILE | READ_DIR;
export const listingRights = READ_DIR;
/** The rights on a directory in which only sockets can be made. */
export const socketRights = READ_DIR | REMOVE_FILE | MAKE_SOCK;
/** The rights that a rule on a regular file may grant; the kernel refuses a rule with any other right. */
export const fileRights = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;

/** The rights that each version added, the oldest first. */
export const rightsByVersion: { version: number; rights: bigint }[] = [
  { version: 1, rights: (1n << 13n) - 1n },
  { version: 2, rights: REFER },
  { version: 3, rights: TRUNCATE },
  { version: 5, rights: IOCTL_DEV },
];

/** All rights that a kernel with this version of Landlock knows. */
export const rightsOf = (version: number): bigint =>
  rightsByVersion.filter((one) => one.version <= version).reduce((all, { rights }) => all | rights, 0n);

/** The version that introduced scopes (Linux 6.12). */
export const scopesVersion = 6;
const SCOPE_ABSTRACT_UNIX_SOCKET = 1n;
const SCOPE_SIGNAL = 2n;
/** Signals and connections to abstract sockets reach only processes in the same Landlock domain. */
export const scopes = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;

/** The size of struct landlock_ruleset_attr in a version; a kernel refuses a longer one unless the additional bytes are zero. */
export const attributeBytes = (version: number): number => (version >= scopesVersion ? 24 : version >= 4 ? 16 : 8);

/** struct landlock_ruleset_attr: the rights on files, the rights on the network (none), the scopes. */
export function rulesetAttributes(version: number, rights: bigint, scoped: bigint): BigUint64Array {
  return new BigUint64Array([rights, 0n, version >= scopesVersion ? scoped : 0n]);
}
