// Parses text to a syntax tree with @babel/parser.

import { extname } from "node:path";
import type { ParseResult, ParserOptions, ParserPlugin } from "@babel/parser";

export type ParsedSource = {
  /** The syntax tree of the file; null if even parsing that tolerates errors failed. */
  tree: ParseResult | null;
  problem: { message: string; line: number; column: number } | null;
};

export type Parser = (text: string, file: string) => ParsedSource;

/** Loads the parser on demand: loading takes some milliseconds that most commands do not need to spend. */
export async function loadParser(): Promise<Parser> {
  const { parse } = await import("@babel/parser");
  return (text, file) => {
    const options = optionsFor(file);
    try {
      return { tree: parse(text, options), problem: null };
    } catch (error) {
      return { tree: tolerant(() => parse(text, { ...options, errorRecovery: true })), problem: problemOf(error) };
    }
  };
}

function optionsFor(file: string): ParserOptions {
  const ending = extname(file).toLowerCase();
  const common = { plugins: pluginsFor(ending), attachComment: false, allowUndeclaredExports: true };
  if (ending === ".cjs" || ending === ".cts") return { ...common, sourceType: "commonjs" };
  // A .js or .ts file may be CommonJS, whose code is wrapped in a function.
  return {
    ...common,
    sourceType: ending === ".mjs" || ending === ".mts" ? "module" : "unambiguous",
    allowReturnOutsideFunction: true,
    allowNewTargetOutsideFunction: true,
  };
}

// Bun reads JSX in .js as well. Only the legacy decorators can stand before parameters.
function pluginsFor(ending: string): ParserPlugin[] {
  const common: ParserPlugin[] = ["decorators-legacy", "decoratorAutoAccessors", "deferredImportEvaluation", "sourcePhaseImports"];
  if (ending === ".ts" || ending === ".mts" || ending === ".cts") return ["typescript", ...common];
  return ending === ".tsx" ? ["typescript", "jsx", ...common] : ["jsx", ...common];
}

// The readable part of a broken file is still worth inspecting.
function tolerant(attempt: () => ParseResult): ParseResult | null {
  try {
    return attempt();
  } catch {
    return null;
  }
}

function problemOf(error: unknown): NonNullable<ParsedSource["problem"]> {
  if (error instanceof RangeError) return { message: "its code is nested too deeply", line: 1, column: 1 };
  const place =
    typeof error === "object" && error !== null && "loc" in error
      ? (error.loc as { line: number; column: number })
      : { line: 1, column: 0 };
  const message = error instanceof Error ? error.message.replace(/\s*\(\d+:\d+\)$/, "").split("\n", 1)[0] : String(error);
  // The message may quote the source, so its control characters are replaced.
  return { message: (message ?? "").replace(/[\p{C}\u2028\u2029]/gu, "?").slice(0, 200), line: place.line, column: place.column + 1 };
}
