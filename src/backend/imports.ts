// The files that a script imports, itself included, by relative paths; packages are not followed.
import { realpathSync } from "node:fs";
import { dirname, extname } from "node:path";
import { readRegular } from "../base/files.ts";

const maxFiles = 2000;
const maxFileBytes = 4 * 1024 * 1024;

/** A file that cannot be read or parsed ends its branch: the runtime will say more of it than this could. */
export function importsOf(entry: string): string[] {
  const found = new Set([entry]);
  for (const file of found) {
    if (found.size >= maxFiles) break;
    for (const path of importedBy(file)) found.add(path);
  }
  return [...found];
}

function importedBy(file: string): string[] {
  const ending = extname(file).slice(1).replace(/^[mc]/, "");
  if (ending !== "ts" && ending !== "js" && ending !== "tsx" && ending !== "jsx") return [];
  try {
    const source = readRegular(file, maxFileBytes)?.toString("utf8") ?? "";
    const imports = new Bun.Transpiler({ loader: ending }).scanImports(source);
    return imports.filter(({ path }) => path.startsWith(".") || path.startsWith("/")).flatMap(({ path }) => resolved(path, dirname(file)));
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
