// A problem on a host or with the files of bs9: what it is, why it matters, and how to fix it.

export type Severity = "error" | "warning" | "note";

export type Finding = {
  /** The kind of problem; several findings may have the same. */
  id: string;
  severity: Severity;
  what: string;
  why: string;
  /** The command line, or the action, that fixes the problem. */
  mend: string;
  /** How bs9 can fix the problem itself; null if the fix needs root, or a decision that bs9 cannot make. */
  fix: Fix | null;
};

export type Fix = {
  /** The question to ask before something is destroyed, or where there is a choice; `--yes` takes the first way. */
  question: string | null;
  ways: Way[];
};

/** `run` returns in words what was done, and throws where that failed. */
export type Way = { word: string; run: () => Promise<string> };

export const plainFix = (run: () => Promise<string>): Fix => ({ question: null, ways: [{ word: "fix it", run }] });

/** One field in a row of the table of findings: the same for each finding, or computed from the subject of the finding. */
type Part<About, Value extends string> = Value | ((about: About) => Value);

/** A row of a table of findings. Calling it with the subject makes the finding. */
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
