// Finds secrets in source code: tokens by their form, passwords by the name that they are assigned to.
import type { Found } from "./finding.ts";

// One group for each kind, so that a single pass finds them all. The forms are those that the issuers publish. Repetitions that
// are followed by something have an upper bound, because a malicious file could otherwise keep the match busy for hours.
const shapes: Record<string, string> = {
  "an AWS access key": String.raw`\b(?:AKIA|ASIA)[A-Z2-7][A-Z0-9]{15}\b`,
  "a GitHub token": String.raw`\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})`,
  "a GitLab token": String.raw`\bglpat-[A-Za-z0-9_-]{20,}`,
  "a Slack token": String.raw`\bxox[abeoprs]-[A-Za-z0-9-]{10,}`,
  "a Slack webhook": String.raw`hooks\.slack\.com/services/T[A-Z0-9]{6,20}/B[A-Z0-9]{6,20}/[A-Za-z0-9]{16,}`,
  "a Stripe key": String.raw`\b[sr]k_live_[A-Za-z0-9]{16,}`,
  "a Google API key": String.raw`\bAIza[A-Za-z0-9_-]{35}`,
  "an npm token": String.raw`\bnpm_[A-Za-z0-9]{36}\b`,
  "an API key of a model provider": String.raw`\bsk-(?:ant|proj)-[A-Za-z0-9_-]{20,}`,
  "a SendGrid key": String.raw`\bSG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,}`,
  // The header alone is not enough, because code that reads keys contains it too.
  "a private key": String.raw`-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?:\\[nr]|[\s"'\x60+])*[A-Za-z0-9+/]{8}`,
  "a JSON web token": String.raw`\beyJ[A-Za-z0-9_-]{10,400}\.eyJ[A-Za-z0-9_-]{10,1000}\.[A-Za-z0-9_-]{10,}`,
  "a password in a URL": String.raw`\b[a-z][a-z0-9+.-]{1,20}://[^\s:@/"'\x60$<{]{1,64}:(?!(?:pass(?:word)?|pwd|secret|x+|\*+|changeme)@)[^\s:@/"'\x60$<{]{3,128}@(?!localhost|127\.0\.0\.1|example\.)[\w.-]`,
};
const kinds = Object.keys(shapes);
const anyShape = new RegExp(kinds.map((kind) => `(${shapes[kind] ?? ""})`).join("|"), "g");

/** A constant text of the source, and its position. */
type Text = { text: string; line: number; column: number };

/** Finds tokens anywhere in a text, including comments, where they are just as readable. */
export function tokensIn(text: string): Found[] {
  const placeAt = places(text);
  return shapesIn(text).map(({ kind, index }) => ({ rule: "secret", message: messageFor(kind), ...placeAt(index) }));
}

/** Finds tokens in texts that the source writes in another form: joined from parts, or with escapes. */
export function tokensInTexts(texts: readonly Text[]): Found[] {
  return texts.flatMap(({ text, line, column }) =>
    shapesIn(text).map(({ kind }) => ({ rule: "secret", message: messageFor(kind), line, column })),
  );
}

function shapesIn(text: string): { kind: string; index: number }[] {
  return [...text.matchAll(anyShape)]
    .filter((match) => !/([A-Za-z0-9*])\1{9}/.test(match[0]))
    .map((match) => ({ kind: kinds[match.slice(1).findIndex((group) => group !== undefined)] ?? "a secret", index: match.index }));
}

/** Finds texts that are assigned to a name that sounds like a secret. */
export function namedSecrets(strings: readonly (Text & { name: string })[]): Found[] {
  return strings.flatMap(({ name, text, line, column }): Found[] => {
    if (!isSecretName(name) || !looksSecret(text, name)) return [];
    return [{ rule: "secret", message: messageFor(`the value of ${name}`), line, column }];
  });
}

/** Finds such texts in a JSON file, without a parser. */
export function namedSecretsInJson(text: string): Found[] {
  const placeAt = places(text);
  const pairs = text.matchAll(/"([A-Za-z0-9_-]{1,64})"\s{0,8}:\s{0,8}("[^"\\\n]{6,400}")/g);
  return namedSecrets(Array.from(pairs, (pair) => ({ name: pair[1] ?? "", text: (pair[2] ?? "").slice(1, -1), ...placeAt(pair.index) })));
}

function messageFor(what: string): string {
  return `${what} is written in the source, where everybody who can read the code can read it; give it to the service with --env-file`;
}

const secretName =
  /(?:^|[_-])(?:password|passwd|passphrase|pwd|secret|(?:api|secret|private|access|encryption|signing|auth)[_-]?key|(?:auth|access|refresh|bearer|api|secret|bot)?[_-]?token|client[_-]?secret|secret[_-]?access[_-]?key)$/;

function isSecretName(name: string): boolean {
  // The name is printed, so it must be short and harmless.
  if (name.length > 64 || !/^[\w$#\p{L}-]+$/u.test(name)) return false;
  return secretName.test(name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase());
}

const placeholder =
  /^(?:test|fake|dummy|mock|sample|example|demo|placeholder|todo|none|null|undefined|change|replace|insert|enter|your|my[_-]|some[_-]|redacted|hidden|masked|xxx|\*|<|\[|\$|%|\{)|example|placeholder|change[_-]?me|your[_-]|redacted|[.…]{3}|^(.)\1*$/i;

function looksSecret(text: string, name: string): boolean {
  if (text.length < 6 || text.length > 400 || /\s/.test(text) || placeholder.test(text)) return false;
  const plain = text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const own = name.toLowerCase().replace(/[^a-z0-9]/g, "");
  // A label, the name of a field, a path, a URL or the key of a translation is not a secret.
  if (plain.includes(own) || /^(?:pass(?:word|wd|phrase|wort)?|secret|token|key|credentials?)$/.test(plain)) return false;
  if (/^(?:\.{0,2}\/|https?:|file:)/.test(text) || /^[A-Za-z]+(?:[._:/-][A-Za-z]+)+$/.test(text)) return false;
  if (/^[a-z]+[A-Z][A-Za-z]*$/.test(text)) return false;
  // Letters alone may be a word, so only a long one is taken for a password.
  if (/^[^0-9]+$/.test(text)) return /pass|pwd/.test(own) ? text.length >= 8 : text.length >= 24;
  return /pass|pwd|secret/.test(own) || text.length >= 12;
}

// Counts lines as ECMAScript does.
function places(text: string): (index: number) => { line: number; column: number } {
  const ends = /\r\n|[\n\r\u2028\u2029]/g;
  let line = 1;
  let start = 0;
  let end = ends.exec(text);
  // Matches come in order, so each line is looked at once.
  return (index) => {
    while (end !== null && end.index + end[0].length <= index) {
      line++;
      start = end.index + end[0].length;
      end = ends.exec(text);
    }
    return { line, column: index - start + 1 };
  };
}
