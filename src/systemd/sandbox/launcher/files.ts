// The system calls that apply Landlock rules: they create a ruleset with every right that the kernel knows, then add a rule for
// each path.
import {
  attributeBytes,
  fileRights,
  LANDLOCK_RULE_PATH_BENEATH,
  landlockCalls,
  listingRights,
  readingRights,
  rightsByVersion,
  rightsOf,
  rulesetAttributes,
  socketRights,
} from "../../../backend/landlock.ts";
import type { Numbers } from "./numbers.ts";
import { type Argument, Label, type MemoryAddress, type Table } from "./table.ts";

/** A path without symbolic links. `isFile`: anything but a directory. */
export type LandlockPath = { path: string; isFile: boolean };

/**
 * `listable`: directories in which only file names can be read, also below them. `sockets`: directories in which only sockets can
 * be made.
 */
export type Files = Record<"readable" | "writable" | "listable" | "sockets", LandlockPath[]>;

const AT_FDCWD = -100;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;

/**
 * `run`: the row that follows where the kernel has no Landlock; `failed`: the row that follows where the kernel refuses a call.
 */
export function closeFiles(table: Table, files: Files, { numbers, run, failed }: { numbers: Numbers; run: Label; failed: Label }): void {
  const ruleset = table.words(0n);
  const rules = new Label();
  for (const { version } of rightsByVersion) {
    const attributes = table.words(...rulesetAttributes(version, rightsOf(version), 0n));
    // A ruleset of a newer version replaces the previous one, if the kernel accepts it. All descriptors close at execve(2).
    const into = { into: ruleset, orElse: version === 1 ? run : rules };
    table.call(landlockCalls.createRuleset, [attributes, attributeBytes(version)], into);
  }
  table.mark(rules);
  walk(treeOf(files), "/", AT_FDCWD, { table, numbers, ruleset });
  table.call(landlockCalls.restrictSelf, [{ valueAt: ruleset }], { orElse: failed });
}

type Node = { rights: Set<bigint>; isFile: boolean; below: Map<string, Node> };

const emptyNode = (): Node => ({ rights: new Set(), isFile: false, below: new Map() });

/** Arranges the paths as a tree of names, so that each directory on the way is opened once. */
function treeOf({ readable, writable, listable, sockets }: Files): Node {
  const root = emptyNode();
  const add = ({ path, isFile }: LandlockPath, rights: bigint[]) => {
    let node = root;
    for (const name of path.split("/").filter(Boolean)) {
      const below = node.below.get(name) ?? emptyNode();
      node.below.set(name, below);
      node = below;
    }
    node.isFile = isFile;
    for (const one of rights) node.rights.add(one);
  };
  for (const one of readable) add(one, [readingRights]);
  // One rule for the rights of each version: an older kernel refuses a rule with a right that it does not know.
  for (const one of writable)
    add(
      one,
      rightsByVersion.map(({ rights }) => rights),
    );
  for (const one of listable) add(one, [listingRights]);
  for (const one of sockets) add(one, [socketRights]);
  return root;
}

type Ground = { table: Table; numbers: Numbers; ruleset: MemoryAddress };

/**
 * Opens each path name by name and follows no symbolic link: links are resolved when the launcher is written, and a path that
 * has become a link since then is not opened. openat2(2) has an option for that, but RestrictSUIDSGID= refuses the call.
 */
function walk(node: Node, name: string, above: Argument, ground: Ground): void {
  const { table, numbers, ruleset } = ground;
  const after = new Label();
  const open = (into: MemoryAddress) =>
    table.call(numbers.openat, [above, table.text(name), O_PATH | O_CLOEXEC | numbers.O_NOFOLLOW], { into, orElse: after });
  const close = (descriptor: MemoryAddress) => {
    const closed = new Label();
    table.call(numbers.close, [{ valueAt: descriptor }], { orElse: closed });
    table.mark(closed);
  };
  for (const right of node.rights) {
    const rights = node.isFile ? right & fileRights : right;
    if (rights === 0n) continue;
    // struct landlock_path_beneath_attr: the rights, then the descriptor.
    const attributes = table.words(rights, 0n);
    const descriptor = { address: attributes.address + 8n };
    const taken = new Label();
    open(descriptor);
    table.call(landlockCalls.addRule, [{ valueAt: ruleset }, LANDLOCK_RULE_PATH_BENEATH, attributes], { orElse: taken });
    table.mark(taken);
    close(descriptor);
  }
  if (node.below.size > 0) {
    const folder = table.words(0n);
    open(folder);
    for (const [below, child] of node.below) walk(child, below, { valueAt: folder }, ground);
    close(folder);
  }
  table.mark(after);
}
