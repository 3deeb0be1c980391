// The digest that a unit of ours carries of itself, so that a change by hand shows without deriving the unit anew; pure.

const line = /^Digest=.*\n/m;

/** Puts the digest behind the mark. It guards against nothing but oversight: whoever edits a unit could write it anew. */
export function seal(text: string): string {
  return text.replace(/^\[X-BS9\]\nOwner=.*\n/m, (mark) => `${mark}Digest=${digestOf(text)}\n`);
}

export function isAsWritten(text: string): boolean {
  return line.exec(text)?.[0] === `Digest=${digestOf(text.replace(line, ""))}\n`;
}

function digestOf(text: string): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
