// bs9 completion: a script that teaches a shell the commands, their options and the names of the services.
import { usage } from "../base/errors.ts";
import type { Command } from "./command.ts";
import type { Outline } from "./completion-outline.ts";

const renderers: Record<string, () => Promise<(outline: Outline) => string>> = {
  bash: async () => (await import("./completion-bash.ts")).bashCompletion,
  zsh: async () => (await import("./completion-zsh.ts")).zshCompletion,
  fish: async () => (await import("./completion-fish.ts")).fishCompletion,
};

/** The table of which it is a row is asked for when it runs. */
export function completionCommand(commands: () => Promise<Command[]>): Command {
  return {
    name: "completion",
    synopsis: "bash|zsh|fish",
    summary: "print a completion script for a shell",
    options: [],
    examples: [
      // Each works on a fresh account, without a package that others may lack, and needs no bs9 when a shell starts.
      "bs9 completion bash >~/.bs9.bash && echo '. ~/.bs9.bash' >>~/.bashrc",
      "bs9 completion zsh >~/.bs9.zsh && echo '. ~/.bs9.zsh' >>~/.zshrc",
      "mkdir -p ~/.config/fish/completions && bs9 completion fish >~/.config/fish/completions/bs9.fish",
      "source <(bs9 completion bash)",
    ],
    exits: [],
    async run({ words }) {
      const [shell = "", ...more] = words;
      const load = Object.hasOwn(renderers, shell) ? renderers[shell] : undefined;
      if (load === undefined || more.length > 0)
        throw usage("completion needs one shell: bash, zsh or fish", { hint: "bs9 completion bash" });
      const { outlineOf } = await import("./completion-outline.ts");
      const script = (await load())(outlineOf(await commands()));
      const lines = script.trimEnd().split("\n");
      return { value: { shell, script }, names: lines, text: () => lines };
    },
  };
}
