// Compares the trail (the record of every act of bs9) with the hashes of its records that bs9 has sent to systemd's journal.
// Pure.
import * as v from "valibot";
import type { Witness } from "./journal.ts";
import { acceptAct } from "./record.ts";
import type { Break, Chain, ChainLink, TrailVerdict } from "./verdict.ts";

type Compared = Pick<TrailVerdict, "breaks" | "witnessed" | "unproved" | "removed">;

/** `file` is the file that is written now. */
export function compareWithJournal({ links, lastSeq }: Chain, witnesses: Witness[], file: string): Compared {
  const present = links[0]?.record.chain ?? null;
  const told = new Map<number, Set<string>>();
  for (const { chain, seq, hash } of witnesses) if (chain === present) told.set(seq, (told.get(seq) ?? new Set()).add(hash));
  const judged = links.map((link) => ({ link, verdict: judge(link, told) }));
  const breaks = judged.flatMap(({ link, verdict }): Break[] =>
    verdict === "witnessed" || verdict === "silent" ? [] : [{ file: link.file, line: link.line, seq: link.record.seq, what: verdict }],
  );
  const earlier = removedTrails(witnesses, present, links);
  const silent = judged.filter(({ verdict }) => verdict === "silent").map(({ link }) => link);
  return {
    breaks: [...breaks, ...endCutOff(told, lastSeq, links.at(-1), file), ...earlier.breaks(file)],
    witnessed: judged.filter(({ verdict }) => verdict === "witnessed").length,
    unproved: [...unprovedBy(links, silent), ...earlier.accepted, "root can rewrite both the trail and the journal"],
    removed: earlier.removed,
  };
}

function judge({ record }: ChainLink, told: Map<number, Set<string>>): "witnessed" | "silent" | `the journal has ${string}` {
  const hashes = told.get(record.seq);
  if (hashes === undefined) return "silent";
  if (!hashes.has(record.hash))
    return "the journal has another hash of this record: the trail was rewritten, from this record on or from an earlier one";
  return hashes.size > 1 ? "the journal has two hashes of this record: it was replaced by another record" : "witnessed";
}

function endCutOff(told: Map<number, Set<string>>, lastSeq: number, last: ChainLink | undefined, file: string): Break[] {
  const beyond = [...told.keys()].filter((seq) => seq > lastSeq);
  if (beyond.length === 0) return [];
  const line = last === undefined || last.file !== file ? 1 : last.line + 1;
  return [
    {
      file,
      line,
      seq: Math.min(...beyond),
      what: `the journal has the hashes of records up to ${Math.max(...beyond)}, which are missing here: the end of the trail was cut off`,
    },
  ];
}

const Names = v.array(v.string());

/** Finds earlier trails at the same path of which systemd's journal still has hashes, but which no longer exist on disk. */
function removedTrails(
  witnesses: Witness[],
  present: string | null,
  links: ChainLink[],
): { removed: string[]; accepted: string[]; breaks: (file: string) => Break[] } {
  const lastSeqs = new Map<string, number>();
  for (const { chain, seq } of witnesses) if (chain !== present) lastSeqs.set(chain, Math.max(seq, lastSeqs.get(chain) ?? 0));
  const acceptances = links.filter(({ record }) => record.act === acceptAct);
  const acceptedIn = (chain: string) =>
    acceptances.find(({ record }) =>
      record.difference.some(({ path, after }) => path === "removed" && v.is(Names, after) && after.includes(chain)),
    );
  const earlier = [...lastSeqs].map(([chain, seq]) => ({ chain, seq, accepted: acceptedIn(chain) }));
  const open = earlier.filter(({ accepted }) => accepted === undefined);
  return {
    removed: open.map(({ chain }) => chain),
    accepted: earlier.flatMap(({ seq, accepted }) =>
      accepted === undefined
        ? []
        : [
            `an earlier trail of ${seq} records was removed, and record ${accepted.record.seq} accepts that: only the hashes of its records are left, in the journal`,
          ],
    ),
    breaks: (file) =>
      open.map(({ seq }) => ({
        file,
        line: 1,
        seq: 1,
        what: `an earlier trail of ${seq} records was removed: the journal still has their hashes`,
      })),
  };
}

function unprovedBy(links: ChainLink[], silent: ChainLink[]): string[] {
  if (links.length === 0)
    return ["there is no record: if a trail was removed before the journal's oldest entry was written, nothing shows it"];
  if (silent.length === links.length) {
    return [
      "the journal has no entry of this trail (they were rotated away or kept in memory only, or this user may not read them), so nothing would show that the end was cut off or that the whole chain was rewritten",
    ];
  }
  const [first] = silent;
  const last = silent.at(-1);
  if (first === undefined || last === undefined) return [];
  const place = ({ file, line, record }: ChainLink) => `${record.seq} (${file}:${line})`;
  const which = silent.length === 1 ? `record ${place(first)}` : `${silent.length} records from ${place(first)} to ${place(last)}`;
  return [`the journal has no entry of ${which}: it was dropped or rotated away, or the line was added by hand`];
}
