// Parses the mounts of a process (proc_pid_mountinfo(5)), and finds the mount that a path leads to. Pure.

export type Mount = {
  id: string;
  parent: string;
  /** `major:minor` of the file system. */
  device: string;
  /** The directory within the file system that is mounted. */
  root: string;
  point: string;
  readOnly: boolean;
  kind: string;
  /** Options of the file system, such as `hidepid=invisible`. */
  superOptions: string[];
};

export class Mounts {
  readonly #children = new Map<string, Mount[]>();
  readonly #all: Mount[];
  readonly #root: Mount | undefined;

  constructor(mountinfo: string) {
    this.#all = parseMounts(mountinfo);
    const ids = new Set(this.#all.map(({ id }) => id));
    for (const mount of this.#all) {
      const siblings = this.#children.get(mount.parent);
      if (siblings === undefined) this.#children.set(mount.parent, [mount]);
      else siblings.push(mount);
    }
    this.#root = this.#all.find((mount) => mount.point === "/" && !ids.has(mount.parent));
  }

  /** The mount that a path without links leads to, which must be searched for, because a later mount may cover an earlier one. */
  at(path: string): Mount | undefined {
    let here = this.#root;
    for (let next = here; next !== undefined; next = this.#nextOn(path, next)) here = next;
    return here;
  }

  /** Every mount that `matches` and is not covered by another mount. */
  visible(matches: (mount: Mount) => boolean): Mount[] {
    return this.#all.filter((mount) => matches(mount) && this.at(mount.point) === mount);
  }

  /** Identifies the directory itself, so that the same directory seen from two namespaces compares equal. */
  placeOf(path: string): string | undefined {
    const mount = this.at(path);
    if (mount === undefined) return undefined;
    const rest = path.slice(mount.point === "/" ? 0 : mount.point.length);
    return `${mount.device}:${mount.root === "/" ? rest : mount.root + (rest === "/" ? "" : rest)}`;
  }

  /** A path is resolved from its start, so the mount with the shortest mount point comes first. */
  #nextOn(path: string, mount: Mount): Mount | undefined {
    let next: Mount | undefined;
    for (const child of this.#children.get(mount.id) ?? []) {
      if (child !== mount && isAtOrBelow(path, child.point) && (next === undefined || child.point.length <= next.point.length))
        next = child;
    }
    return next;
  }
}

export function isAtOrBelow(path: string, folder: string): boolean {
  return folder === "/" || path === folder || (path.startsWith(folder) && path[folder.length] === "/");
}

function parseMounts(mountinfo: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of mountinfo.split("\n")) {
    const [id, parent, device, root, point, options, ...rest] = line.split(" ");
    if (
      id === undefined ||
      parent === undefined ||
      device === undefined ||
      root === undefined ||
      point === undefined ||
      options === undefined
    )
      continue;
    const tail = rest.slice(rest.indexOf("-") + 1);
    mounts.push({
      id,
      parent,
      device,
      root: unescaped(root),
      point: unescaped(point),
      readOnly: options.split(",").includes("ro"),
      kind: tail[0] ?? "",
      superOptions: tail[2]?.split(",") ?? [],
    });
  }
  return mounts;
}

/** Space, tab, newline and backslash are escaped as three octal digits. */
function unescaped(path: string): string {
  if (!path.includes("\\")) return path;
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
