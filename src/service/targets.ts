// Resolves TARGET words to names of defined services. Pure.
import { type Bs9Error, notFound } from "../base/errors.ts";
import { nearest } from "../base/text.ts";

/**
 * Accepts `all`, quoted globs and names, in the given order, each name once. Throws `not-found` for a name that is not defined
 * and for a glob that matches nothing; `all` gives an empty list where no service is defined.
 */
export function pickTargets(words: string[], defined: string[]): string[] {
  const picked = new Set<string>();
  for (const word of words) {
    if (word === "all") {
      for (const name of defined) picked.add(name);
    } else if (isGlob(word)) {
      const matches = matching(word, defined);
      if (matches.length === 0) throw notFound(`no service matches '${word}'`, { hint: "bs9 status" });
      for (const name of matches) picked.add(name);
    } else {
      if (!defined.includes(word)) throw noSuchService(word, defined);
      picked.add(word);
    }
  }
  return [...picked];
}

/**
 * Returns true if an argument of `start` names services and not an entry: `all`, a defined name or a glob; `./web` is always a
 * file.
 */
export function isTarget(word: string, defined: string[]): boolean {
  return word === "all" || defined.includes(word) || (isGlob(word) && !word.includes("/"));
}

function isGlob(word: string): boolean {
  return /[*?[\]{}]/.test(word);
}

function matching(glob: string, defined: string[]): string[] {
  const pattern = new Bun.Glob(glob);
  return defined.filter((name) => pattern.match(name));
}

/** PM2 numbers what it runs. */
export const isNumber = (word: string): boolean => /^\d+$/.test(word);
export const noNumbers = "services have names, not numbers";

export function noSuchService(word: string, defined: string[]): Bs9Error {
  if (word === "bs9-agent") return notFound("bs9-agent is bs9's own agent, not a service", { hint: "bs9 describe bs9-agent" });
  if (isNumber(word)) return notFound(`there is no service ${word}: ${noNumbers}`, { hint: "bs9 status" });
  const guess = nearest(word, defined);
  return notFound(`there is no service named ${JSON.stringify(word)}${guess === null ? "" : `; did you mean '${guess}'?`}`, {
    hint: "bs9 status",
  });
}
