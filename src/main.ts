// The entry of bs9: runs the command that argv names, and ends with its exit status. The only file that prints an error or sets
// an exit code.
import { readFileSync } from "node:fs";
import { Bs9Error, errnoOf, exitStatus, failed, usage } from "./base/errors.ts";
import { plainErrno } from "./base/files.ts";
import type { Terminal } from "./base/terminal.ts";
import { harmless, shellWord } from "./base/text.ts";
import type { Command, Result, Words } from "./commands/command.ts";
import { jsonAlias } from "./commands/jlist.ts";
import type { Settings } from "./context.ts";

// The supervisor started this process as the launcher of a service (the process that becomes the service), so nothing else is
// loaded.
if (process.env["BS9_LAUNCH"] === "1") process.exit((await import("./supervisor/launch.ts")).launch());
const [first, ...others] = process.argv.slice(2);
if (others.length === 0 && (first === "version" || first === "--version" || first === "-v")) await tellVersion();
const status = await main(process.argv.slice(2));
// Pending work must not keep a command from ending.
process.exit(status);

/** Scripts wait for the version, so it is printed before anything else is loaded; process.stdout alone would double the time. */
async function tellVersion(): Promise<never> {
  const { versionLine } = await import("./commands/version.ts");
  await Bun.write(Bun.stdout, `${versionLine()}\n`);
  process.exit(exitStatus.done);
}

async function main(argv: string[]): Promise<number> {
  const before = argv.slice(0, argv.includes("--") ? argv.indexOf("--") : argv.length);
  const isJsonAlias = before.find((word) => !word.startsWith("-")) === jsonAlias;
  const settings: Settings = {
    json: before.includes("--json") || isJsonAlias,
    quiet: before.includes("-q") || before.includes("--quiet"),
    yes: before.includes("--yes"),
    debug: before.includes("--debug"),
  };
  const { openTerminal } = await import("./base/terminal.ts");
  const terminal = await openTerminal(process.env, { noColor: before.includes("--no-color"), isQuiet: settings.json || settings.quiet });
  if (isJsonAlias) terminal.note(`note: this is the JSON of bs9 status --json, and not that of PM2's ${jsonAlias}`);
  try {
    checkBytes(argv);
    return await run(argv, settings, terminal);
  } catch (error) {
    return report(error, settings, terminal);
  } finally {
    // The output must be written before the process ends.
    await terminal.drained();
  }
}

async function run(argv: string[], settings: Settings, terminal: Terminal): Promise<number> {
  const chosen = await chosenOf(argv, terminal);
  if (chosen === null) return exitStatus.done;
  const { command, given } = chosen;
  const { buildContext } = await import("./context.ts");
  const context = buildContext(settings, terminal, interruption());
  try {
    const result = await command.run(given, context);
    return result === null ? exitStatus.done : print(result, settings, terminal);
  } finally {
    await context.close();
    terminal.settle();
  }
}

/** The command that argv names; null if the user asked for help, which has then been printed. */
async function chosenOf(argv: string[], terminal: Terminal): Promise<{ command: Command; given: Words } | null> {
  if (argv.length === 0 && process.env["BS9_AGENT"] === "1")
    return { command: (await import("./commands/agent.ts")).agentCommand, given: { words: [], rest: null, options: {} } };
  if (argv.length === 0 && process.env["BS9_ALERT"] === "1")
    return { command: (await import("./commands/alert-failures.ts")).alertFailuresCommand, given: { words: [], rest: null, options: {} } };
  const words = argv[0] === "--version" || argv[0] === "-v" ? ["version", ...argv.slice(1)] : argv;
  const { commandsFor } = await import("./commands/table.ts");
  const named = words.find((word) => !word.startsWith("-"));
  const commands = await commandsFor(named === "help" ? undefined : named);
  if (await help(argv, commands, terminal)) return null;
  return (await import("./cli.ts")).parse(words, commands);
}

function print(result: Result, settings: Settings, terminal: Terminal): number {
  terminal.settle();
  if (settings.json) terminal.print(JSON.stringify(result.value, null, terminal.isTerminal ? 2 : 0));
  else for (const line of settings.quiet ? result.names : result.text(terminal.style)) terminal.print(line);
  if (!settings.json && !settings.quiet) for (const hint of result.hints ?? []) terminal.note(hint);
  return result.error === undefined ? (result.exitStatus ?? exitStatus.done) : report(result.error, settings, terminal);
}

/** Prints what could not be done, why, and what to do now; anything but a Bs9Error is a bug of bs9. */
function report(thrown: unknown, { json, debug }: Settings, terminal: Terminal): number {
  terminal.settle();
  const error = isOfSystem(thrown)
    ? failed(`${plainErrno(thrown)}: ${thrown.path}`, {
        cause: thrown,
        hint: `ls -ld ${shellWord(thrown.path)}; df -h ${shellWord(thrown.path)}`,
      })
    : thrown;
  const known = error instanceof Bs9Error;
  const message = known ? error.message : `bug: ${error instanceof Error ? error.message : String(error)}`;
  const hint = known ? error.hint : "report it with the output of the same command and --debug";
  if (json) {
    terminal.note(
      JSON.stringify({
        error: {
          code: known ? error.code : "bug",
          message,
          hint: hint ?? null,
          ...(known && error.details.length > 0 ? { details: error.details } : {}),
        },
      }),
    );
  } else {
    for (const line of known ? error.details : []) terminal.note(`  ${line}`);
    const isInterrupted = known && error.code === "interrupted";
    terminal.note(isInterrupted ? message : `${terminal.noteStyle.red("error:")} ${harmless(message)}`);
    if (hint !== undefined) terminal.note(`Try: ${harmless(hint)}`);
  }
  if (debug || !known) terminal.note(error instanceof Error ? (error.stack ?? "") : "");
  return known ? error.exitStatus : exitStatus.bug;
}

/** A full disk or a directory without write permission is not a bug, wherever it appears. */
function isOfSystem(error: unknown): error is Error & { path: string } {
  const ofSystem = ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EMFILE", "ENFILE"];
  return error instanceof Error && ofSystem.includes(errnoOf(error) ?? "") && "path" in error;
}

async function help(argv: string[], commands: Command[], terminal: Terminal): Promise<boolean> {
  const [first, second] = argv;
  const end = argv.indexOf("--");
  const asked = (end === -1 ? argv : argv.slice(0, end)).some((word) => word === "--help" || word === "-h");
  if (first !== undefined && first !== "help" && !asked) return false;
  const { commandHelp, overview, shortScreen } = await import("./help.ts");
  const print = (lines: string[]) => terminal.print(lines.join("\n"));
  if (first === undefined) print(shortScreen(terminal.style));
  else {
    const word = first === "help" ? second : argv.find((one) => !one.startsWith("-"));
    if (word === undefined || word.startsWith("-") || word === "help") print(overview(commands, terminal.style));
    else {
      const { parse } = await import("./cli.ts");
      print(commandHelp(parse([word], commands).command, terminal.style));
    }
  }
  return true;
}

/** The first SIGINT, SIGTERM or SIGHUP asks the command to end in order, the second ends it at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(exitStatus.interrupted);
      controller.abort();
    });
  }
  return controller.signal;
}

/** Bun replaces arguments that are not UTF-8 by U+FFFD; /proc/self/cmdline has the original bytes. */
function checkBytes(argv: string[]): void {
  if (!argv.some((word) => word.includes("\ufffd"))) return;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(readFileSync("/proc/self/cmdline"));
  } catch (error) {
    throw usage("an argument is not valid UTF-8, so bs9 cannot pass it on unchanged", { cause: error });
  }
}
