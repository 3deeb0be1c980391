// Finds out what the launcher (the program that isolates a service before it starts) can enforce on this host: a unit with the
// directives of a service makes real attempts under a launcher.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { reachedBy, trial } from "../../backend/isolation-trial.ts";
import { architectureOf } from "../../backend/limits-filter.ts";
import { type Directive, hidesHome, homeIsCovered } from "../../backend/sandbox.ts";
import { writeWhole } from "../../base/files.ts";
import { resolvedPath } from "../../base/paths.ts";
import { barePath, bindPath, execWord } from "../unit/quote.ts";
import type { HostIsolation } from "./host-cache.ts";
import { launcherFile } from "./launcher/launcher.ts";
import { openedBy, openedSystem } from "./launcher/written.ts";
import type { ProbeDeps } from "./probe.ts";

const timeoutMs = 10_000;
/**
 * systemd uses exit statuses from 200 on where it cannot execute the program (systemd.exec(5), "Process Exit Codes"); such a
 * failure is permanent on this host.
 */
const firstStatusOfSystemd = 200;

/** `isLasting` is false where the test itself failed, for example on a busy host, so that the test has to be repeated. */
export type TriedIsolation = { isolation: HostIsolation; isLasting: boolean };

/** Never throws: where the launcher cannot run, services start without a launcher, and the result says why. */
export async function hostIsolation(directives: Directive[], deps: ProbeDeps): Promise<TriedIsolation> {
  const architecture = architectureOf(process.arch);
  if (architecture === null)
    return {
      isolation: unlaunched(`bs9 has no launcher, the program that isolates a service, for the processor architecture ${process.arch}`),
      isLasting: true,
    };
  const { paths, reach, systemctl } = deps;
  const id = `bs9-probe-launch-${process.pid}`;
  const unit = `${id}.service`;
  const file = join(reach.runtimeDir, "systemd/user", unit);
  const launcher = join(paths.cache, id);
  const hasMounts = hidesHome(directives);
  const files = openedBy(
    { readable: [resolvedPath(deps.runtime)], writable: [], optional: [], leads: {}, cache: null, sockets: null },
    paths,
  );
  const wanted = hasMounts ? null : { ...files, readable: [...openedSystem(paths), ...files.readable] };
  try {
    using attempts = trial(paths.cache);
    writeWhole(
      launcher,
      launcherFile(architecture, { givenUp: null, stderr: id, check: null, shut: { files: wanted, isIsolationRequired: false } }),
      0o700,
      false,
    );
    writeWhole(file, trialUnit(directives, [launcher, deps.runtime, ...attempts.words], deps), 0o644, false);
    const words = await systemctl.jobs("start", [unit], timeoutMs + 5000);
    const shown = (await systemctl.show([unit], ["ExecMainStatus", "Result"])).get(unit);
    const status = Number(shown?.get("ExecMainStatus") ?? 0);
    const reached = reachedBy(status);
    if (reached === null) {
      const why = `the launcher ended with ${status} (${shown?.get("Result") ?? words})`;
      return { isolation: unlaunched(why), isLasting: status >= firstStatusOfSystemd };
    }
    return { isolation: { isLaunched: true, reached: reached.threats, isFileClosed: !reached.file, why: null }, isLasting: true };
  } catch (error) {
    const why = `the test of the launcher failed: ${error instanceof Error ? error.message : String(error)}`;
    return { isolation: unlaunched(why), isLasting: false };
  } finally {
    rmSync(file, { force: true });
    rmSync(launcher, { force: true });
    await systemctl.resetFailed([unit]).catch(() => {});
  }
}

const unlaunched = (why: string): HostIsolation => ({ isLaunched: false, reached: [], isFileClosed: false, why });

function trialUnit(directives: Directive[], argv: string[], { paths, runtime }: ProbeDeps): string {
  const away = hidesHome(directives);
  const [launcher = ""] = argv;
  return [
    "[Unit]",
    "Description=bs9 tries out what its launcher holds on this host",
    "[Service]",
    "Type=oneshot",
    `WorkingDirectory=${barePath("/")}`,
    "Environment=BUN_BE_BUN=1",
    "UnsetEnvironment=BUN_OPTIONS NODE_OPTIONS LD_PRELOAD",
    `ExecStart=${argv.map(execWord).join(" ")}`,
    // The unit fails on purpose, because systemd keeps the exit status of a failed unit. The journal should not contain that
    // failure.
    "LogLevelMax=crit",
    "StandardOutput=null",
    "StandardError=null",
    `TimeoutStartSec=${timeoutMs}ms`,
    "LimitCORE=1",
    ...directives.map(({ name, value }) => `${name}=${value}`),
    ...(away && !homeIsCovered(paths.home) ? [`TemporaryFileSystem=${bindPath(paths.home)}:ro`] : []),
    ...(away ? [launcher, runtime].map((path) => `BindReadOnlyPaths=${bindPath(path)}`) : []),
    "",
  ].join("\n");
}
