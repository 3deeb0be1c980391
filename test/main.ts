// The test command: builds bs9, runs every test file, each in a process of its own, and sums up what they report.
// `npm test -- WORD…` runs only the files whose path contains one of the words.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { whyNoLab } from "./harness.ts";
import { whyNoPlace } from "./image/place.ts";

const top = join(import.meta.dir, "..");
const overallMs = 40 * 60_000;
const began = performance.now();

type Sums = { passed: number; failed: number; skipped: number };
const sums: Sums = { passed: 0, failed: 0, skipped: 0 };

// What the tests leave in the folder for temporary files goes with it.
const scratch = mkdtempSync(join(tmpdir(), "bs9-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

await runAll(process.argv.slice(2));
const skipped = sums.skipped > 0 ? `, ${sums.skipped} skipped` : "";
console.log(`${sums.passed} passed, ${sums.failed} failed${skipped}`);
process.exitCode = sums.failed > 0 || sums.passed === 0 ? 1 : 0;

async function runAll(words: string[]): Promise<void> {
  if ((await bun(["build.ts"], 120_000)) !== 0) {
    sums.failed += 1;
    return;
  }
  const files = [...new Bun.Glob("test/**/*.test.ts").scanSync(top)]
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort((a, b) => weight(a) - weight(b) || (a < b ? -1 : 1));
  const noLab = files.some(needsLab) ? whyNoLab() : null;
  const noPlace = files.some(needsPlace) ? whyNoPlace() : null;
  for (const file of files) {
    const reason = needsLab(file) ? noLab : needsPlace(file) ? noPlace : null;
    if (reason !== null) {
      console.log(`skipped ${file}: it needs ${needsLab(file) ? "a lab" : "podman"}, and ${reason}. Run the tests as root on Debian.`);
      sums.skipped += 1;
    } else if (performance.now() - began > overallMs) {
      console.log(`not run: ${file}: the whole took longer than ${overallMs / 60_000} minutes`);
      sums.failed += 1;
    } else {
      add(await runFile(file));
    }
  }
}

function needsLab(file: string): boolean {
  return file.startsWith("test/lab/") || file.startsWith("test/e2e/");
}

/** The slow ones last. */
function weight(file: string): number {
  return Number(needsLab(file)) + 2 * Number(needsPlace(file));
}

function needsPlace(file: string): boolean {
  return file.startsWith("test/image/");
}

async function runFile(file: string): Promise<Sums> {
  const report = join(scratch, "junit.xml");
  rmSync(report, { force: true });
  const [testMs, fileMs] = needsLab(file) || needsPlace(file) ? [120_000, 15 * 60_000] : [30_000, 3 * 60_000];
  const code = await bun(["test", `./${file}`, `--timeout=${testMs}`, "--reporter=junit", `--reporter-outfile=${report}`], fileMs);
  const reported = sumsOf((await Bun.file(report).exists()) ? await Bun.file(report).text() : "");
  // A file that does not load, or runs out of time, has no line in the report.
  if (code !== 0 && reported.failed === 0) reported.failed = 1;
  return reported;
}

function sumsOf(junit: string): Sums {
  const head = /<testsuites [^>]*>/.exec(junit)?.[0] ?? "";
  const count = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const [failed, skipped] = [count("failures"), count("skipped")];
  return { passed: count("tests") - failed - skipped, failed, skipped };
}

function add(more: Sums): void {
  sums.passed += more.passed;
  sums.failed += more.failed;
  sums.skipped += more.skipped;
}

async function bun(argv: string[], timeoutMs: number): Promise<number> {
  const child = Bun.spawn([process.execPath, ...argv], {
    cwd: top,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, TMPDIR: scratch },
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  return child.exited;
}
