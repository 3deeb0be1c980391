// Quotes text for unit files (systemd.syntax(7), systemd.service(5)) and environment files (systemd.exec(5)).

const controls: Record<string, string> = {
  "\n": "\\n",
  "\t": "\\t",
  "\r": "\\r",
  "\b": "\\b",
  "\f": "\\f",
  "\v": "\\v",
  "\x07": "\\a",
  '"': '\\"',
  "\\": "\\\\",
};

/** A word of a setting that takes C escapes (`Environment=`). `%` is doubled, because systemd expands specifiers. */
export function unitWord(text: string): string {
  return `"${escaped(text)}"`;
}

/** A word of `ExecStart=`. `$` is doubled as well, because it would start a variable. */
export function execWord(text: string): string {
  return `"${escaped(text).replaceAll("$", "$$$$")}"`;
}

/** A path for a setting that takes no quotes (`WorkingDirectory=`, `EnvironmentFile=`): systemd only expands specifiers there. */
export function barePath(path: string): string {
  return path.replaceAll("%", "%%");
}

/** A path for `BindPaths=` and similar settings. They take no C escapes, so a path with a control character cannot be written. */
export function bindPath(path: string, { optional = false } = {}): string {
  return `"${optional ? "-" : ""}${path.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%")}"`;
}

/** True where a unit can contain the path exactly: no control character, no space at its end, no noncharacter. */
export function fitsInUnit(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return !/[\x00-\x1f\x7f]|\s$|\p{Noncharacter_Code_Point}/u.test(path);
}

/** One line of an environment file. Newlines stay unchanged within the quotes. */
export function environmentLine(name: string, value: string): string {
  return `${name}="${value.replace(/[\\"`$]/g, "\\$&")}"\n`;
}

// Characters outside printable ASCII are written as escaped UTF-8 bytes, because a raw noncharacter invalidates the whole unit.
function escaped(text: string): string {
  let result = "";
  for (const character of text) {
    const plain = controls[character];
    if (plain !== undefined) result += plain;
    else if (character === "%") result += "%%";
    else if (character >= " " && character <= "~") result += character;
    else for (const byte of Buffer.from(character)) result += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return result;
}
