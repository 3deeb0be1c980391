// Masks values in differences that are shown to others or kept on disk: values that are secret, or look like secrets. Pure.
import type { Difference } from "./plan.ts";
import { givenEnvironment, type Spec } from "./spec.ts";

const mask = "***";

/** Environment values are visible to the service only. */
export function masked(difference: Difference): Difference {
  const { path, before, after } = difference;
  if (path.startsWith("env."))
    return { path, before: before === undefined ? undefined : mask, after: after === undefined ? undefined : mask };
  if (path === "env") return { path, before: maskedRecord(before), after: maskedRecord(after) };
  return difference;
}

/** A spec without secret values: the names of its variables and the paths of its environment files. */
export type MaskedSpec = Omit<Spec, "env" | "envFiles"> & { env: string[]; envFiles: string[] };

export function maskedSpec(spec: Spec): MaskedSpec {
  return { ...spec, env: Object.keys(givenEnvironment(spec)), envFiles: spec.envFiles.map(({ path }) => path) };
}

/**
 * For differences that are kept on disk: also masks values in arguments, commands and URLs that look like secrets, by name or
 * by form.
 */
export function withoutSecrets(difference: Difference): Difference {
  const { path, before, after } = masked(difference);
  return { path, before: strip(before), after: strip(after) };
}

function maskedRecord(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.keys(value).map((name) => [name, mask]));
}

function strip(value: unknown): unknown {
  if (typeof value === "string") return stripText(value);
  if (Array.isArray(value)) return stripWords(value);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, strip(one)]));
}

const secretName =
  "(?<![\\w.])[\\w.-]{0,64}?(?:pass(?:word|wd|phrase)?|secret|token|api-?_?key|private-?_?key|access-?_?key|credentials?|auth(?!or)|authorization|dsn)[\\w.-]{0,64}";
const secretFlag = new RegExp(`^--?${secretName}$`, "i");
const assignment = new RegExp(`(${secretName}\\s*[=:]\\s*)("[^"]*"|'[^']*'|[^\\s&;,]+)`, "gi");
const flagInText = new RegExp(`(--?${secretName}\\s+)("[^"]*"|'[^']*'|[^\\s&;]+)`, "gi");
const bearer = /\b(Bearer|Basic)\s+[\w.~+/=-]+/gi;
const inUrl = /(?<!\w)(\w{1,32}:\/\/[^\s/:@]*:)[^\s/@]+@/g;
/** The forms of keys that providers issue, and long words of letters and digits that nobody types. */
const token =
  /\b(?:gh[pousr]_|github_pat_|glpat-|sk[-_]|pk[-_]|xox[abprs]-|AKIA|ASIA|eyJ)[\w.+/=-]{8,}|(?<![A-Za-z0-9+_=-])(?=[A-Za-z0-9+_=-]*\d)(?=[A-Za-z0-9+_=-]*[A-Za-z])[A-Za-z0-9+_=-]{32,}/g;

/** A flag such as `--token` means that the next word is a secret. */
function stripWords(words: unknown[]): unknown[] {
  return words.map((word, i) => {
    const before: unknown = words[i - 1];
    const isValue = typeof before === "string" && secretFlag.test(before) && typeof word === "string" && !word.startsWith("-");
    return isValue ? mask : strip(word);
  });
}

export function stripText(text: string): string {
  return text
    .replace(inUrl, `$1${mask}@`)
    .replace(bearer, `$1 ${mask}`)
    .replace(assignment, `$1${mask}`)
    .replace(flagInText, `$1${mask}`)
    .replace(token, mask);
}
