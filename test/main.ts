// The test command: builds bs9, runs every test file, and sums up what the files report.
//
//   npm test                  everything
//   npm test -- WORD…         only the files whose path contains one of the words
//   npm test -- --jobs N      so many files at a time, instead of three for two cores
//   npm run unit              only the fast files: without the executable, a lab, a comparison of times or a long run
import { existsSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { whyNoLab } from "./harness.ts";
import { whyNoPlace } from "./image/place.ts";
import { type Need, type TestFile, testFiles } from "./runner/files.ts";
import { endPlaces } from "./runner/leftovers.ts";
import { type Limits, labsOf, type Result, runFiles, type Sums } from "./runner/pool.ts";

const top = join(import.meta.dir, "..");
const overallMs = 75 * 60_000;
const slowestShown = 10;
/** A CI log is often cut at its beginning: the end of each failed file's output is printed again before the sums. */
const linesRepeated = 60;
const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    unit: { type: "boolean", default: false },
    jobs: { type: "string", default: String(Math.ceil(1.5 * availableParallelism())) },
  },
});

const began = performance.now();
const sums: Sums = { passed: 0, failed: 0, skipped: 0 };
const results: Result[] = [];

// A test may leave files in the directory for temporary files; they are removed with it.
const scratch = mkdtempSync(join(tmpdir(), "bs9-"));
process.on("exit", () => {
  rmSync(scratch, { recursive: true, force: true });
  removeLabs();
  endPlaces(join(top, "dist"), String(process.pid));
});
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    interrupted.abort();
    process.exit(130);
  });
}

await runAll();
tellSlowest();
tellFailed();
const skipped = sums.skipped > 0 ? `, ${sums.skipped} skipped` : "";
console.log(`${sums.passed} passed, ${sums.failed} failed${skipped}`);
process.exitCode = sums.failed > 0 || sums.passed === 0 ? 1 : 0;

/** Labs that are still ending after an interruption remove the directory themselves (test/lab.sh). */
function removeLabs(): void {
  const labs = labsOf(scratch);
  rmSync(join(labs, ".lock"), { force: true });
  if (existsSync(labs) && readdirSync(labs).length === 0) rmdirSync(labs);
}

async function runAll(): Promise<void> {
  const paths = [...new Bun.Glob("test/**/*.test.ts").scanSync(top)];
  const files = testFiles(top, paths)
    .filter(({ path }) => words.length === 0 || words.some((word) => path.includes(word)))
    .filter(({ need, isAlone, isLong }) => !values.unit || (need === "unit" && !isAlone && !isLong));
  if (files.some(({ need }) => need !== "unit") && !(await build())) {
    sums.failed += 1;
    return;
  }
  const possible = withoutImpossible(files);
  const options = { top, scratch, limits: limitsOf, signal: interrupted.signal, report: take };
  await runFiles(
    possible.filter(({ isAlone }) => !isAlone),
    { ...options, jobs: Math.max(1, Number(values.jobs) || 1) },
  );
  await runFiles(
    possible.filter(({ isAlone }) => isAlone),
    { ...options, jobs: 1 },
  );
}

/** Leaves out the files that this machine cannot run, and says why. */
function withoutImpossible(files: TestFile[]): TestFile[] {
  const reasons: Partial<Record<Need, string | null>> = {
    lab: files.some(({ need }) => need === "lab") ? whyNoLab() : null,
    image: files.some(({ need }) => need === "image") ? whyNoPlace() : null,
  };
  return files.filter(({ path, need }) => {
    const reason = reasons[need] ?? null;
    if (reason === null) return true;
    console.log(`skipped ${path}: it needs ${need === "lab" ? "a lab" : "podman"}, and ${reason}. Run the tests as root on Debian.`);
    sums.skipped += 1;
    return false;
  });
}

function limitsOf({ need }: TestFile): Limits {
  const leftMs = Math.max(1, overallMs - (performance.now() - began));
  const [testMs, fileMs] = need === "unit" || need === "built" ? [120_000, 8 * 60_000] : [300_000, 15 * 60_000];
  return { testMs, fileMs: Math.min(fileMs, leftMs) };
}

function take(result: Result): void {
  const { path, tookMs, cpuMs, output } = result;
  results.push(result);
  for (const key of ["passed", "failed", "skipped"] as const) sums[key] += result.sums[key];
  const { passed, failed, skipped } = result.sums;
  const counts = [`${passed} passed`, ...(failed > 0 ? [`${failed} FAILED`] : []), ...(skipped > 0 ? [`${skipped} skipped`] : [])];
  console.log(`${secondsOf(tookMs)} ${secondsOf(cpuMs)} CPU  ${path}: ${counts.join(", ")}`);
  if (failed > 0) console.log(output);
}

function tellSlowest(): void {
  if (results.length <= slowestShown) return;
  const slowest = results.toSorted((a, b) => b.tookMs - a.tookMs).slice(0, slowestShown);
  console.log(`\nall files: ${secondsOf(performance.now() - began).trim()}; the ${slowestShown} slowest:`);
  for (const { path, tookMs, cpuMs } of slowest) console.log(`${secondsOf(tookMs)} ${secondsOf(cpuMs)} CPU  ${path}`);
}

function tellFailed(): void {
  for (const { path, output } of results.filter(({ sums: { failed } }) => failed > 0)) {
    console.log(`\nFAILED ${path}; the end of its output:\n${output.trimEnd().split("\n").slice(-linesRepeated).join("\n")}`);
  }
}

function secondsOf(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(6)} s`;
}

async function build(): Promise<boolean> {
  const child = Bun.spawn([process.execPath, "build.ts"], {
    cwd: top,
    stdio: ["ignore", "inherit", "inherit"],
    timeout: 120_000,
    killSignal: "SIGKILL",
  });
  return (await child.exited) === 0;
}
