// The calls that shut a process into rules on files: a ruleset with every right that the kernel knows, then a rule for each path.
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
} from "../../../backend/landlock.ts";
import type { Numbers } from "./numbers.ts";
import { type Argument, Label, type Place, type Table } from "./table.ts";

/** A path with its links resolved. `isFile`: anything but a directory. */
export type Opened = { path: string; isFile: boolean };

/** `listable`: the names of what is in it and below, and nothing more. */
export type Files = { readable: Opened[]; writable: Opened[]; listable: Opened[] };

const AT_FDCWD = -100;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;

/** `run`: the row to go on with where the kernel has no Landlock; `failed`: where it has one and refuses. */
export function closeFiles(table: Table, files: Files, { numbers, run, failed }: { numbers: Numbers; run: Label; failed: Label }): void {
  const ruleset = table.words(0n);
  const rules = new Label();
  for (const { version } of rightsByVersion) {
    const attributes = table.words(...rulesetAttributes(version, rightsOf(version), 0n));
    // A newer one that the kernel takes stands in for the one before. The descriptors close when the program is executed.
    const into = { into: ruleset, orElse: version === 1 ? run : rules };
    table.call(landlockCalls.createRuleset, [attributes, attributeBytes(version)], into);
  }
  table.mark(rules);
  walk(treeOf(files), "/", AT_FDCWD, { table, numbers, ruleset });
  table.call(landlockCalls.restrictSelf, [{ valueAt: ruleset }], { orElse: failed });
}

type Node = { rights: Set<bigint>; isFile: boolean; below: Map<string, Node> };

const emptyNode = (): Node => ({ rights: new Set(), isFile: false, below: new Map() });

/** The paths as a tree of their names, so that each folder on the way is opened once. */
function treeOf({ readable, writable, listable }: Files): Node {
  const root = emptyNode();
  const add = ({ path, isFile }: Opened, rights: bigint[]) => {
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
  return root;
}

type Ground = { table: Table; numbers: Numbers; ruleset: Place };

/**
 * Name by name, and no link is followed: links are resolved when the launcher is written, and where one stands in the way since,
 * nothing is opened. openat2(2) has an option for that, but RestrictSUIDSGID= refuses it.
 */
function walk(node: Node, name: string, above: Argument, ground: Ground): void {
  const { table, numbers, ruleset } = ground;
  const after = new Label();
  const open = (into: Place) =>
    table.call(numbers.openat, [above, table.text(name), O_PATH | O_CLOEXEC | numbers.O_NOFOLLOW], { into, orElse: after });
  const close = (descriptor: Place) => {
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
