// The texts of `bs9`, `bs9 help` and `bs9 help CMD`: examples first, within 80 columns.
import type { Style } from "./base/terminal.ts";
import type { Command, Option } from "./commands/command.ts";
import { globalOptions } from "./commands/global-options.ts";

const exitTexts: Record<number, string> = {
  0: "done",
  1: "failed",
  2: "usage: unknown command or option, value out of range",
  3: "a service is wanted but not up, or a named one does not run",
  4: "no such service, a bare word that is nothing, a glob without a match",
  5: "no backend can run services here",
  6: "refused: audit or sandbox",
  70: "a bug in bs9",
  130: "interrupted",
};

/** The text of `bs9` alone: five ways to begin. */
export function shortScreen(style: Style): string[] {
  return [
    `${style.bold("bs9")} runs apps as hardened systemd services.`,
    "",
    "  bs9 start app.ts       start an app and keep it running",
    "  bs9 status             list services, failed ones first",
    "  bs9 logs web -f        show its log",
    "  bs9 restart web        restart it",
    "  bs9 help               every command",
  ];
}

export function overview(commands: Command[], style: Style): string[] {
  const width = Math.max(...commands.map(({ name, synopsis }) => name.length + synopsis.length + 1));
  return [
    "Usage: bs9 COMMAND [OPTION…]",
    "",
    ...commands.map(({ name, synopsis, summary }) => `  ${style.bold(name)} ${synopsis.padEnd(width - name.length)} ${summary}`),
    "",
    "TARGET is a name, several names, a quoted glob ('api-*') or all.",
    "bs9 help COMMAND shows options, exit statuses and examples.",
  ];
}

export function commandHelp(command: Command, style: Style): string[] {
  return [
    `Usage: bs9 ${command.name} ${command.synopsis}`.trimEnd(),
    "",
    `${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}.${command.aliases ? ` Also: ${command.aliases.join(", ")}.` : ""}`,
    "",
    style.bold("Examples"),
    ...command.examples.map((example) => `  ${example}`),
    "",
    style.bold("Options"),
    ...optionLines([...command.options, ...globalOptions]),
    "",
    style.bold("Exit statuses"),
    ...[0, ...command.exits, 2, 70].sort((a, b) => a - b).map((status) => `  ${String(status).padStart(3)}  ${exitTexts[status]}`),
  ];
}

function optionLines(options: Option[]): string[] {
  const shown = options.map(
    ({ flags, text, repeats }) => [/^-\w,/.test(flags) ? flags : `    ${flags}`, repeats ? `${text}; repeatable` : text] as const,
  );
  const width = Math.max(...shown.map(([flags]) => flags.length));
  return shown.flatMap(([flags, text]) => {
    const indent = " ".repeat(width + 4);
    const lines = Bun.wrapAnsi(text, 78 - width - 4).split("\n");
    return [`  ${flags.padEnd(width)}  ${lines[0]}`, ...lines.slice(1).map((line) => indent + line)];
  });
}
