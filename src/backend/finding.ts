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
