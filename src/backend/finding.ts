// What is amiss on a host or with bs9's own files: said, explained, and how it is mended.

export type Severity = "error" | "warning" | "note";

export type Finding = {
  /** What kind of thing it is: several findings may have one. */
  id: string;
  severity: Severity;
  what: string;
  why: string;
  /** The line, or the act, that mends it. */
  mend: string;
  /** Null where it takes root, or a decision that is not bs9's. */
  fix: Fix | null;
};

export type Fix = {
  /** Asked before what destroys something, or where there is a choice; `--yes` takes the first way. */
  question: string | null;
  ways: Way[];
};

/** `run` returns what was done, in words, and throws where it could not. */
export type Way = { word: string; run: () => Promise<string> };

export const plainFix = (run: () => Promise<string>): Fix => ({ question: null, ways: [{ word: "mend it", run }] });

/** A part of a row: the same for each finding, or made from what the finding is about. */
type Part<About, Value extends string> = Value | ((about: About) => Value);

/** A row of a table of findings. Calling it with what the finding is about makes the finding. */
export function row<About = void>(
  id: string,
  severity: Part<About, Severity>,
  what: Part<About, string>,
  why: Part<About, string>,
  mend: Part<About, string>,
): (about: About, fix?: Fix | null) => Finding {
  return (about, fix = null) => ({
    id,
    severity: told(severity, about),
    what: told(what, about),
    why: told(why, about),
    mend: told(mend, about),
    fix,
  });
}

function told<About, Value extends string>(part: Part<About, Value>, about: About): Value {
  return typeof part === "function" ? part(about) : part;
}
