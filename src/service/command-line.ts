// Splits a command line into words, as a shell does; refuses what only a shell can do. Pure.

export type CommandLine = { env: Record<string, string>; words: string[] };

/** Splits a text as PM2 splits `args`: at white space outside quotes. */
export function splitWords(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => double ?? single ?? bare ?? "");
}

/**
 * Splits a command line into words. Null if the text needs a shell: for a pipe, a redirection, a variable, a glob, several
 * commands, or an open quote.
 */
export function parseCommandLine(text: string): CommandLine | null {
  const words: string[] = [];
  const env: Record<string, string> = {};
  let word: string | null = null;
  let isQuoted = false;
  const end = () => {
    if (word === null) return;
    const assignment = isQuoted || words.length > 0 ? null : /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(word);
    if (assignment === null) words.push(word);
    else env[assignment[1] ?? ""] = assignment[2] ?? "";
    word = null;
    isQuoted = false;
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === " " || character === "\t") end();
    else if (character === "'" || character === '"') {
      const close = text.indexOf(character, at + 1);
      const inside = close === -1 ? null : text.slice(at + 1, close);
      if (inside === null || (character === '"' && /[$`\\]/.test(inside))) return null;
      // A quote after `NAME=` belongs to the value.
      isQuoted ||= word === null;
      word = (word ?? "") + inside;
      at = close;
    } else if (/[|&;<>()$`\\*?[\]{}~#!\n]/.test(character)) return null;
    else word = (word ?? "") + character;
  }
  end();
  return words.length === 0 ? null : { env, words };
}
