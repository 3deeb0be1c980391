// Finds the files that a script imports by relative paths, including the script itself; packages are not followed.
import { realpathSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { readRegular } from "../base/files.ts";

const maxFiles = 2000;
const maxFileBytes = 4 * 1024 * 1024;

/**
 * A file that cannot be read or parsed is not followed further, because the runtime will report that error better. Files that
 * the service can write are not followed either: they are open anyway, and the service could make them import anything.
 */
export function importsOf(entry: string, isWritable: (path: string) => boolean): string[] {
  const found = new Set([entry]);
  for (const file of found) {
    if (found.size >= maxFiles) break;
    if (!isWritable(file)) for (const path of importedBy(file, isWritable)) found.add(path);
  }
  return [...found];
}

function importedBy(file: string, isWritable: (path: string) => boolean): string[] {
  const ending = extname(file).slice(1).replace(/^[mc]/, "");
  if (ending !== "ts" && ending !== "js" && ending !== "tsx" && ending !== "jsx") return [];
  try {
    const source = readRegular(file, maxFileBytes)?.toString("utf8") ?? "";
    const imports = new Bun.Transpiler({ loader: ending }).scanImports(source);
    const isMeant = (path: string) => (path.startsWith(".") || path.startsWith("/")) && !isWritable(resolve(dirname(file), path));
    return imports.filter(({ path }) => isMeant(path)).flatMap(({ path }) => resolved(path, dirname(file)));
  } catch {
    return [];
  }
}

function resolved(path: string, folder: string): string[] {
  try {
    return [realpathSync(Bun.resolveSync(path, folder))];
  } catch {
    return [];
  }
}
