// Quoting for unit files (systemd.syntax(7), systemd.service(5)) and environment files (systemd.exec(5)).

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

/** A word of a setting that takes C escapes (`Environment=`); `%` is doubled, for specifiers are expanded. */
export function unitWord(text: string): string {
  return `"${escaped(text)}"`;
}

/** A word of `ExecStart=`: there `$` would start a variable, so it is doubled too. */
export function execWord(text: string): string {
  return `"${escaped(text).replaceAll("$", "$$$$")}"`;
}

/** A path where a setting takes one and no quotes (`WorkingDirectory=`, `EnvironmentFile=`): only specifiers are expanded. */
export function barePath(path: string): string {
  return path.replaceAll("%", "%%");
}

/** A path of `BindPaths=` and its like. C escapes are not known there, so that a path with a control character has no form. */
export function bindPath(path: string, { optional = false } = {}): string {
  return `"${optional ? "-" : ""}${path.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%")}"`;
}

/** True where a path can stand in a unit exactly: no control character, no space at its end, no noncharacter. */
export function fitsInUnit(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return !/[\x00-\x1f\x7f]|\s$|\p{Noncharacter_Code_Point}/u.test(path);
}

/** One line of an environment file. Newlines stay as they are within the quotes. */
export function environmentLine(name: string, value: string): string {
  return `${name}="${value.replace(/[\\"`$]/g, "\\$&")}"\n`;
}

// Outside printable ASCII the bytes of UTF-8 are written: as it is, a noncharacter voids the whole unit.
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
