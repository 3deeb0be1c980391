// Projects in their own home directory, and what the sandbox of a service in them would open.
import { expect } from "bun:test";
import { chmodSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Opening, openingOf } from "../../src/backend/opening.ts";
import type { Neighbour } from "../../src/backend/stray.ts";
import { commandOf } from "../../src/runtime/command.ts";
import { builtIn } from "../../src/service/defaults.ts";
import type { StartInput } from "../../src/service/input.ts";
import { resolve } from "../../src/service/resolve.ts";
import type { Spec } from "../../src/service/spec.ts";
import { tempDir } from "../harness.ts";

export function projects() {
  const home = realpathSync(tempDir());
  const at = (path: string) => join(home, path);
  const file = (path: string, text = "") => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
    chmodSync(at(path), 0o755);
  };
  const link = (path: string, target: string) => {
    mkdirSync(dirname(at(path)), { recursive: true });
    symlinkSync(target, at(path));
  };
  const folders = {
    home,
    config: at(".config/bs9"),
    share: at(".local/share/bs9"),
    state: at(".local/state/bs9"),
    cache: at(".cache/bs9"),
    units: at(".config/systemd/user"),
  };

  const entryOf = (path: string) => ({ path: at(path), kind: path.endsWith(".js") ? ("script" as const) : ("executable" as const) });
  const specOf = (root: string, entry: string, runtime: Spec["runtime"] = { kind: "none" }, given: Partial<StartInput> = {}): Spec => {
    const path = `${at(".nvm/versions/node/v1/bin")}:${at("tools")}:/usr/bin:/bin`;
    const around = { root: at(root), cwd: at(root), path, runtime };
    const input = { env: {}, envRemoved: [], reset: false, ...given, name: given.name ?? "web" };
    return resolve(input, { ...entryOf(entry), onPath: false }, null, around, builtIn);
  };
  const openingFor = (spec: Spec, own = folders, neighbours: Neighbour[] = []): Opening =>
    openingOf(spec, commandOf(spec, folders.share), own, neighbours);
  /** The paths below the home directory that are opened beside the project root. */
  const opened = (root: string, entry: string, runtime?: Spec["runtime"]): string[] => {
    const { writable, optional } = openingFor(specOf(root, entry, runtime));
    expect(writable).toEqual([at(root)]);
    return optional.map((path) => path.replace(`${home}/`, "")).sort();
  };
  return { home, at, file, link, folders, specOf, openingFor, opened };
}
