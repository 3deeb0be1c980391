// Writes the hashes of the trail to the journal, from which only root can remove them.
import * as v from "valibot";
import { exec } from "../base/exec.ts";
import { tellJournal } from "../base/journal-stream.ts";

/** What the journal is told about a record. */
const Witness = v.strictObject({ trail: v.string(), chain: v.string(), seq: v.number(), hash: v.string() });
export type Witness = v.InferOutput<typeof Witness>;

export type Journal = {
  tell(witness: Witness): Promise<void>;
  /** Everything that the journal still has of a trail, as far as this user can read it. */
  recall(trail: string): Promise<Witness[]>;
};

const identifier = "bs9-trail";
const tellMs = 1500;
const recallMs = 20_000;

/** Never throws: without a journal, the chain must be enough. `_UID` is set by journald, so it is reliable. */
export function journalOf(uid: number): Journal {
  return {
    tell: (witness) => tellJournal(identifier, JSON.stringify(witness), tellMs),
    async recall(trail) {
      const options = ["--quiet", "--no-pager", "--output=cat", `SYSLOG_IDENTIFIER=${identifier}`, `_UID=${uid}`];
      const asked = await exec(["journalctl", ...options], { timeoutMs: recallMs, maxBytes: 64 * 1024 * 1024 }).catch(() => null);
      return (asked?.stdout ?? "").split("\n").flatMap((line) => parseWitness(line, trail));
    },
  };
}

function parseWitness(line: string, trail: string): Witness[] {
  try {
    const parsed = v.safeParse(Witness, JSON.parse(line));
    return parsed.success && parsed.output.trail === trail ? [parsed.output] : [];
  } catch {
    return [];
  }
}
