// Reads the files of a project from its entry along its imports, up to the limits.
import type { Reported } from "./finding.ts";
import { inspectSource, type SourceReading } from "./inspect.ts";
import type { Parser } from "./parse.ts";
import type { Resolver } from "./resolve.ts";
import { readSource } from "./source.ts";

/** The limits after which the audit stops reading and says so. */
export type AuditLimits = { fileBytes: number; totalBytes: number; files: number; milliseconds: number };

/**
 * A project of 10,000 lines is about 0.5 MB. With more than these limits a start would wait too long, and the syntax tree of
 * one file would need too much memory: up to 350 bytes for each byte of the source.
 */
export const defaultLimits: AuditLimits = { fileBytes: 2 * 1024 * 1024, totalBytes: 32 * 1024 * 1024, files: 5000, milliseconds: 10_000 };

export type Project = { readings: Map<string, SourceReading>; packages: Set<string>; unread: Reported[] };

export function readSources(entry: string, resolver: Resolver, parse: Parser, limits: AuditLimits): Project {
  const project: Project = { readings: new Map(), packages: new Set(), unread: [] };
  const packaged = resolver.packageOf(entry);
  if (packaged !== undefined) project.packages.add(packaged);
  const queue = new Set(packaged === undefined ? [entry] : []);
  const deadline = performance.now() + limits.milliseconds;
  let bytes = 0;
  // Iterating over a set includes elements added meanwhile, and each file once, so that an import cycle ends.
  for (const file of queue) {
    const over = reached(limits, project.readings.size, bytes, performance.now() > deadline);
    if (over !== null) {
      project.unread.push(unread(file, `the audit ended at its limit of ${over}: this file and the files that it imports were not read`));
      break;
    }
    const source = readSource(file, limits.fileBytes);
    const reading = "unread" in source ? source : inspectSafely(source.text, file, parse, source.isBinary);
    if ("unread" in reading) {
      project.unread.push(unread(file, `the file was not read: ${reading.unread}`));
      continue;
    }
    bytes += "text" in source ? source.text.length : 0;
    project.readings.set(file, reading);
    for (const specifier of reading.imports) {
      const resolved = resolver.resolve(specifier, file);
      if (resolved.is === "package") project.packages.add(resolved.name);
      if (resolved.is === "file" && isRead(resolved.file)) queue.add(resolved.file);
    }
  }
  return project;
}

function reached(limits: AuditLimits, files: number, bytes: number, isLate: boolean): string | null {
  if (files >= limits.files) return `${limits.files} files`;
  if (bytes >= limits.totalBytes) return `${limits.totalBytes} bytes`;
  return isLate ? `${limits.milliseconds} ms` : null;
}

function unread(file: string, message: string): Reported {
  return { rule: "unread", message, file, line: 1, column: 1 };
}

// A source may contain a zero byte and still run, so only a file that does not parse counts as binary.
function inspectSafely(text: string, file: string, parse: Parser, isBinary: boolean): SourceReading | { unread: string } {
  try {
    const reading = inspectSource(text, file, parse);
    return isBinary && reading.found.some(({ rule }) => rule === "unparsed") ? { unread: "it is binary" } : reading;
  } catch (error) {
    if (error instanceof RangeError) return { unread: "its code is nested too deeply" };
    throw error;
  }
}

// Files imported as assets are not run; JSON is read for secrets.
function isRead(file: string): boolean {
  return /\.(?:[cm]?[jt]s|[jt]sx|jsonc?)$/i.test(file);
}
