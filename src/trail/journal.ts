// Writes the hash of each record of the trail to systemd's journal, from which only root can remove it.
import * as v from "valibot";
import { exec } from "../base/exec.ts";
import { tellJournal } from "../base/journal-stream.ts";

/** What bs9 writes into systemd's journal about one record of the trail. */
const Witness = v.strictObject({ trail: v.string(), chain: v.string(), seq: v.number(), hash: v.string() });
export type Witness = v.InferOutput<typeof Witness>;

export type Journal = {
  tell(witness: Witness): Promise<void>;
  /** Everything that systemd's journal still has about one trail, as far as this user can read the journal. */
  recall(trail: string): Promise<Witness[]>;
};

const identifier = "bs9-trail";
const tellMs = 1500;
const recallMs = 20_000;

/**
 * Never throws: without the journal, the hashes in the trail itself must be enough. `_UID` is set by journald, so it is
 * reliable.
 */
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
