// Audits an entry and the files it imports.

import { resolve } from "node:path";
import { failed } from "../base/errors.ts";
import { shellWord } from "../base/text.ts";
import { applyAllowances } from "./allow.ts";
import { type Found, type Report, type Reported, reportOf } from "./finding.ts";
import type { SourceReading } from "./inspect.ts";
import { type Exported, type Follow, link } from "./link.ts";
import { worldWritable } from "./modes.ts";
import { loadParser } from "./parse.ts";
import { type AuditLimits, defaultLimits, readSources } from "./project.ts";
import { Resolver } from "./resolve.ts";

/**
 * `root` is the directory of the project; code in a `node_modules` below it is not read. Throws only where the entry does not
 * exist: a file that cannot be read is a finding.
 */
export async function audit(entry: string, root: string, limits: AuditLimits = defaultLimits): Promise<Report> {
  const resolver = new Resolver(resolve(root));
  const first = resolver.file(resolve(entry));
  if (first === undefined) throw failed(`cannot audit ${entry}: no such file`, { hint: `ls -l ${shellWord(entry)}` });
  const { readings, packages, unread } = readSources(first, resolver, await loadParser(), limits);
  const exported = new Map(Array.from(readings, ([file, reading]) => [file, reading.exported]));
  const follow: Follow = (file, specifier) => {
    const resolved = resolver.resolve(specifier, file);
    return resolved.is === "file" ? resolved.file : undefined;
  };
  const found = Array.from(readings, ([file, reading]): Reported[] => {
    const all = [...reading.found, ...linked(file, reading, exported, follow)];
    return applyAllowances(all, reading.allowances).map((each) => ({ ...each, file }));
  });
  return reportOf([...found.flat(), ...unread, ...worldWritable([resolve(entry), ...readings.keys()])], {
    files: readings.size,
    packages: packages.size,
    fsOnly: [...readings.values()].filter(usesFsOnly).length,
  });
}

// Findings for calls of names that other files export.
function linked(file: string, reading: SourceReading, exported: ReadonlyMap<string, readonly Exported[]>, follow: Follow): Found[] {
  return reading.suspects.flatMap(({ ref, would }) =>
    [...link(file, ref, exported, follow)].flatMap((reached) => would.get(reached) ?? []),
  );
}

// Modules with which a file can affect nothing outside its process.
const inward = new Set("path url util events buffer assert stream string_decoder querystring timers os crypto".split(" "));

function usesFsOnly({ imports, found }: SourceReading): boolean {
  const builtIn = Array.from(imports, (specifier) => specifier.replace(/^node:/, "").replace(/\/promises$/, "")).filter(
    (name) => !/^[./#]/.test(name),
  );
  return found.length === 0 && builtIn.includes("fs") && builtIn.every((name) => name === "fs" || inward.has(name));
}
