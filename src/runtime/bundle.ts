// `--build`: bundles an entry and its imports into one file for its runtime, with a source map for stack traces.
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { basename, extname, join } from "node:path";
import * as v from "valibot";
import { failed, usage } from "../base/errors.ts";
import { exec } from "../base/exec.ts";
import { makeFolder } from "../base/files.ts";
import { namesIn } from "../base/listing.ts";
import { harmless } from "../base/text.ts";
import type { Spec } from "../service/spec.ts";
import { buildFolder, located } from "./command.ts";

export type Bundle = {
  build: NonNullable<Spec["build"]>;
  /** The size of the bundled source files, by the source map. */
  sourceBytes: number;
  sourceFiles: number;
  bundleBytes: number;
};

const timeoutMs = 120_000;
const kept = 3;

/**
 * Bundles with the bundler inside bs9, without macros, because macros would run code of the project outside any sandbox. The
 * directory is named by a hash of its content, so the same source gives the same build. Throws the errors of the bundler.
 */
export async function bundle(spec: Spec, share: string, program = process.execPath): Promise<Bundle> {
  if (spec.runtime.kind === "none") throw usage(`--build needs a script, and ${spec.entry.path} is not one`);
  const folder = buildFolder(share, spec.name);
  makeFolder(folder);
  const partial = mkdtempSync(join(folder, ".part-"));
  try {
    const entry = located(spec.entry.path, spec.entry.kind, spec.root);
    const target = spec.runtime.kind === "node" ? "node" : "bun";
    const words = ["build", entry, "--outdir", partial, "--root", spec.root, "--entry-naming", "[name].[ext]", `--target=${target}`];
    const flags = ["--sourcemap=linked", "--minify-syntax", "--minify-whitespace", "--no-macros", "--env=disable"];
    const env = { PATH: spec.path, HOME: process.env["HOME"], NODE_ENV: spec.env["NODE_ENV"] ?? "production" };
    const result = await exec([program, ...words, ...flags], { timeoutMs, env, asBun: true, cwd: spec.root });
    if (result.exitCode !== 0) {
      const said = Bun.stripANSI(result.stderr || result.stdout)
        .trim()
        .split("\n")
        .slice(0, 20)
        .map(harmless);
      throw failed(
        `cannot build ${spec.name}: ${result.timedOut ? `the bundler did not end within ${timeoutMs / 1000} s` : "the bundler found errors"}`,
        {
          details: said,
          hint: `bs9 start ${spec.entry.path} without --build`,
        },
      );
    }
    const hash = hashOf(partial);
    const final = join(folder, hash);
    // An existing build has the same content, and may be in use.
    if (!existsSync(final)) renameSync(partial, final);
    utimesSync(final, new Date(), new Date());
    const file = `${basename(entry, extname(entry))}.js`;
    return { build: { hash, file }, ...sizesOf(final) };
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Removes builds except the last three of a service and the one in use. */
export function sweepBuilds(share: string, name: string, used: string | null): void {
  const folder = buildFolder(share, name);
  const age = (build: string) => statSync(join(folder, build)).mtimeMs;
  for (const build of namesIn(folder)
    .filter((name) => !name.startsWith("."))
    .sort((a, b) => age(b) - age(a))
    .slice(kept)) {
    if (build !== used) rmSync(join(folder, build), { recursive: true, force: true });
  }
}

function hashOf(folder: string): string {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const file of readdirSync(folder).sort()) hasher.update(`${file}\0`).update(readFileSync(join(folder, file)));
  return hasher.digest("hex").slice(0, 16);
}

const SourceMap = v.looseObject({ sourcesContent: v.optional(v.array(v.nullable(v.string())), []) });

function sizesOf(folder: string): Pick<Bundle, "sourceBytes" | "sourceFiles" | "bundleBytes"> {
  const sizes = { sourceBytes: 0, sourceFiles: 0, bundleBytes: 0 };
  for (const file of readdirSync(folder)) {
    if (!file.endsWith(".map")) sizes.bundleBytes += statSync(join(folder, file)).size;
    else {
      const contents = v.parse(SourceMap, JSON.parse(readFileSync(join(folder, file), "utf8"))).sourcesContent;
      sizes.sourceFiles += contents.length;
      for (const text of contents) sizes.sourceBytes += Buffer.byteLength(text ?? "");
    }
  }
  return sizes;
}
