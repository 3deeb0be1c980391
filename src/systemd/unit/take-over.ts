// Turns the edits of a unit into a drop-in for the unit of bs9. Pure.

type Settings = Map<string, Map<string, string[]>>;

/**
 * The settings in which `edited` differs from `ours`. Each setting is first assigned the empty value, which resets lists
 * (systemd.unit(5)), and then set as in the edited unit. Null where there is no difference.
 */
export function dropInOf(ours: string, edited: string): string | null {
  const [before, after] = [settingsOf(ours), settingsOf(edited)];
  const lines: string[] = [];
  for (const section of new Set([...before.keys(), ...after.keys()])) {
    // systemd does not read [Install] in a drop-in, and [X-BS9] belongs to bs9.
    if (section === "Install" || section.startsWith("X-")) continue;
    const [was, is] = [before.get(section) ?? new Map<string, string[]>(), after.get(section) ?? new Map<string, string[]>()];
    const changed = [...new Set([...was.keys(), ...is.keys()])].filter((key) => was.get(key)?.join("\n") !== is.get(key)?.join("\n"));
    if (changed.length === 0) continue;
    lines.push(
      `[${section}]`,
      ...changed.flatMap((key) => [...(was.has(key) ? [`${key}=`] : []), ...(is.get(key) ?? []).map((value) => `${key}=${value}`)]),
    );
  }
  return lines.length === 0 ? null : `# Taken over by bs9 doctor from a unit that was edited by hand.\n${lines.join("\n")}\n`;
}

function settingsOf(text: string): Settings {
  const settings: Settings = new Map();
  let section = "";
  for (const line of text.replace(/\\\n/g, " ").split("\n")) {
    section = /^\s*\[(.*)\]\s*$/.exec(line)?.[1] ?? section;
    const [, key, value] = /^\s*([A-Za-z0-9-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    const ofSection = settings.get(section) ?? new Map<string, string[]>();
    settings.set(section, ofSection.set(key, [...(ofSection.get(key) ?? []), value]));
  }
  return settings;
}
