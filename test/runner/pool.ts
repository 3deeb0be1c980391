// Runs test files, each in its own Bun, several at a time, and collects their results.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestFile } from "./files.ts";

export type Sums = { passed: number; failed: number; skipped: number };
/** `cpuMs` includes the file and the processes that it has waited for, but not what runs in a lab. */
export type Result = { path: string; sums: Sums; tookMs: number; cpuMs: number; output: string };

export type Limits = { testMs: number; fileMs: number };

/**
 * The ports of the machine that tests listen on. They are below the ports that Linux assigns automatically (from 32768 on), and
 * depend on the process, so that two test commands at the same time rarely collide.
 */
const portsPerFile = 100;
const firstPort = 15_000 + (process.pid % 20) * 500;

type Options = {
  top: string;
  /** A directory for temporary files, with one directory below it for each test file. */
  scratch: string;
  jobs: number;
  limits: (file: TestFile) => Limits;
  /** Ends every running file. A lab ends with the file that booted it (test/lab.sh, --owner). */
  signal?: AbortSignal;
  /** Called when a file ends. */
  report: (result: Result) => void;
};

/** Runs the files in the given order; when one ends, the next starts. */
export async function runFiles(files: readonly TestFile[], options: Options): Promise<void> {
  const waiting = [...files];
  const slots = Array.from({ length: Math.min(options.jobs, files.length) }, async (_, slot) => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) options.report(await runFile(file, slot, options));
  });
  await Promise.all(slots);
}

async function runFile(file: TestFile, slot: number, { top, scratch, limits, signal }: Options): Promise<Result> {
  const folder = join(scratch, file.path.replaceAll("/", "-"));
  const junit = join(folder, "junit.xml");
  mkdirSync(folder);
  const { testMs, fileMs } = limits(file);
  const began = performance.now();
  const child = Bun.spawn(
    [process.execPath, "test", `./${file.path}`, `--timeout=${testMs}`, "--reporter=junit", `--reporter-outfile=${junit}`],
    {
      cwd: top,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        TMPDIR: folder,
        BS9_LABS: labsOf(scratch),
        BS9_TEST_PORT: String(firstPort + slot * portsPerFile),
        BS9_RUN: String(process.pid),
      },
      ...(signal === undefined ? {} : { signal }),
      timeout: fileMs,
      killSignal: "SIGKILL",
    },
  );
  const [code, ...written] = await Promise.all([child.exited, textOf(child.stdout), textOf(child.stderr)]);
  const tookMs = performance.now() - began;
  const reported = sumsOf((await Bun.file(junit).exists()) ? await Bun.file(junit).text() : "");
  // A file that does not load, or runs out of time, writes no report.
  if (code !== 0 && reported.failed === 0) reported.failed = 1;
  const output = tookMs >= fileMs ? [...written, `ended after ${fileMs / 1000} s, the limit of a file\n`] : written;
  rmSync(folder, { recursive: true, force: true });
  const cpuMs = Number(child.resourceUsage()?.cpuTime.total ?? 0n) / 1000;
  return { path: file.path, sums: reported, tookMs, cpuMs, output: output.join("") };
}

/**
 * The directory for labs. It is not below `scratch`, because a lab needs its directory until it has ended, which may be after
 * the end of the test command.
 */
export const labsOf = (scratch: string): string => `${scratch}-labs`;

const textOf = (stream: ReadableStream<Uint8Array>): Promise<string> => new Response(stream).text();

/** The counts in a junit report; zeros where it has none. */
function sumsOf(junit: string): Sums {
  const head = /<testsuites [^>]*>/.exec(junit)?.[0] ?? "";
  const count = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const [failed, skipped] = [count("failures"), count("skipped")];
  return { passed: count("tests") - failed - skipped, failed, skipped };
}
