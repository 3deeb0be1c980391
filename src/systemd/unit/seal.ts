// The digest that a unit of bs9 contains of its own text, so that a change by hand shows without making the unit from the spec
// again. Pure.

const line = /^Digest=.*\n/m;

/**
 * Inserts the digest of the unit after the line `Owner=`. The digest detects accidental edits only, because anyone who edits
 * the unit could update it.
 */
export function seal(text: string): string {
  return text.replace(/^\[X-BS9\]\nOwner=.*\n/m, (mark) => `${mark}Digest=${digestOf(text)}\n`);
}

export const editionLine = (edition: number): string => `Sandbox=${edition}`;

/**
 * The version number of the sandbox rules that a unit was made with; 1 for a unit that does not state it, null for a unit
 * without a sandbox.
 */
export function editionOf(text: string): number | null {
  const named = /^Sandbox=(\d{1,9})$/m.exec(text)?.[1];
  if (named !== undefined) return Number(named);
  return /^SystemCallFilter=/m.test(text) ? 1 : null;
}

export function isAsWritten(text: string): boolean {
  return line.exec(text)?.[0] === `Digest=${digestOf(text.replace(line, ""))}\n`;
}

function digestOf(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
