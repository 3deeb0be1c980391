// bs9 completion: prints a script with which a shell completes commands, options and names of services.
import { usage } from "../base/errors.ts";
import type { Context } from "../context.ts";
import type { Command, Result } from "./command.ts";
import { completionScripts } from "./completion-scripts.ts";
import { flagOf } from "./options.ts";

/** `commands` returns the table that contains this command too, so it is called only when the command runs. */
export function completionCommand(commands: () => Promise<Command[]>): Command {
  return {
    name: "completion",
    synopsis: "bash|zsh|fish",
    summary: "print a completion script for a shell",
    options: [{ flags: "--words", text: "print the possible next words of the command line after --; the scripts use this" }],
    examples: [
      // The first three work on a new account without further packages, and a new shell then starts without running bs9.
      "bs9 completion bash >~/.bs9.bash && echo '. ~/.bs9.bash' >>~/.bashrc",
      "bs9 completion zsh >~/.bs9.zsh && echo '. ~/.bs9.zsh' >>~/.zshrc",
      "mkdir -p ~/.config/fish/completions && bs9 completion fish >~/.config/fish/completions/bs9.fish",
      "source <(bs9 completion bash)",
    ],
    exits: [],
    async run({ words, rest, options }, context) {
      if (flagOf(options, "words")) return answer(words, rest, await commands(), context);
      const [shell = "", ...more] = words;
      const script = Object.hasOwn(completionScripts, shell) ? completionScripts[shell] : undefined;
      if (script === undefined || more.length > 0)
        throw usage("completion needs one shell: bash, zsh or fish", { hint: "bs9 completion bash" });
      const lines = script.trimEnd().split("\n");
      return { value: { shell, script }, names: lines, text: () => lines };
    },
  };
}

async function answer(words: string[], rest: string[] | null, commands: Command[], { registry }: Context): Promise<Result> {
  if (words.length > 0 || rest === null)
    throw usage("completion --words needs the words of a command line after --", { hint: "bs9 completion --words -- stop ''" });
  const { outlineOf } = await import("./completion-outline.ts");
  const { choiceLines, choicesFor } = await import("./completion-words.ts");
  const found = choicesFor(rest, outlineOf(commands), () => registry.names());
  return { value: found, names: found.choices.map(({ word }) => word), text: () => choiceLines(found) };
}
