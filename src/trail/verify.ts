// Checks the trail: each line must contain the hash of the line before it, and must agree with its hash in systemd's journal.
// Pure.
import * as v from "valibot";
import { compareWithJournal } from "./compare.ts";
import type { TrailText } from "./files.ts";
import type { Witness } from "./journal.ts";
import { isIntact, mendAct, origin, parseLine, rotateAct, sha256, type TrailRecord } from "./record.ts";
import type { Chain, Placed, TrailVerdict } from "./verdict.ts";

export function verify(texts: TrailText[], witnesses: Witness[]): TrailVerdict {
  const placed = texts.flatMap(({ file, text }) => linesOf(file, text));
  const chain = followChain(placed);
  const journal = compareWithJournal(chain, witnesses, texts.at(-1)?.file ?? "trail.jsonl");
  const order = texts.map(({ file }) => file);
  const breaks = [...chain.breaks, ...journal.breaks].sort((a, b) => order.indexOf(a.file) - order.indexOf(b.file) || a.line - b.line);
  return {
    intact: breaks.length === 0,
    records: chain.links.length,
    witnessed: journal.witnessed,
    breaks,
    unproved: [...chain.unproved, ...journal.unproved],
    removed: journal.removed,
  };
}

function linesOf(file: string, text: string): Placed[] {
  const lines = text.split("\n");
  const isOpen = lines.at(-1) !== "";
  if (!isOpen) lines.pop();
  return lines.map((line, i) => ({ file, line: i + 1, text: line, isOpen: isOpen && i === lines.length - 1, record: parseLine(line) }));
}

function followChain(placed: Placed[]): Chain {
  const chain: Chain = { links: [], breaks: [], unproved: [], lastSeq: 0 };
  let last = { seq: 0, hash: origin, chain: "" };
  // The number of broken lines since the last valid line: the next line does not have to follow that one directly.
  let broken = 0;
  const complain = ({ file, line }: Placed, seq: number | null, what: string) => chain.breaks.push({ file, line, seq, what });
  for (const [i, here] of placed.entries()) {
    const { record } = here;
    if (record === null) {
      if (here.isOpen && i === placed.length - 1)
        chain.unproved.push(
          `the last line (${here.file}:${here.line}) is incomplete: bs9 was killed while it wrote the line, or the line was cut; the next record is appended after it`,
        );
      else if (!isMended(here, placed[i + 1])) {
        complain(here, last.seq + broken + 1, "this line is not a record that bs9 has written");
        broken++;
      }
      continue;
    }
    const fits = record.seq === last.seq + 1 && record.previous === last.hash && (last.seq === 0 || record.chain === last.chain);
    const isFirst = chain.lastSeq === 0;
    if (!isIntact(record)) {
      complain(here, record.seq, "this record was changed: its hash does not match its content");
      last = { ...last, seq: last.seq + broken };
      broken = 1;
    } else {
      const mayFit = broken > 0 && record.seq === last.seq + broken + 1;
      if (!fits && !mayFit && !(isFirst && broken === 0 && beginsWell(record, placed))) {
        if (!isFirst && isAdded(record, last, placed[i + 1])) {
          complain(here, record.seq, "this line was added: the record after it continues the record before it");
          continue;
        }
        complain(here, record.seq, misfit(record, last.seq + broken, isFirst));
      }
      broken = 0;
      last = { seq: record.seq, hash: record.hash, chain: record.chain };
      chain.links.push({ ...here, record });
    }
    chain.lastSeq = last.seq + broken;
  }
  return chain;
}

/** The record after an incomplete line contains the digest of the bytes of that line. */
function isMended({ text }: Placed, next: Placed | undefined): boolean {
  const torn = next?.record?.act === mendAct ? next.record.difference[0]?.before : undefined;
  const parsed = v.safeParse(v.object({ digest: v.string() }), torn);
  return parsed.success && parsed.output.digest === sha256(text);
}

/** The record is the very first one, or the record of a rotation says that the trail now begins with it. */
function beginsWell(first: TrailRecord, placed: Placed[]): boolean {
  if (first.seq === 1) return first.previous === origin;
  const said = v.object({ seq: v.literal(first.seq), previous: v.literal(first.previous) });
  return placed.some(
    ({ record }) =>
      record?.act === rotateAct && record.difference.some(({ path, after }) => path === "first" && v.safeParse(said, after).success),
  );
}

function isAdded(record: TrailRecord, last: { seq: number; hash: string }, next: Placed | undefined): boolean {
  return record.seq <= last.seq || next?.record?.previous === last.hash;
}

function misfit(record: TrailRecord, lastSeq: number, isFirst: boolean): string {
  if (record.seq > lastSeq + 1) {
    const isOne = record.seq === lastSeq + 2;
    return `${isOne ? `record ${lastSeq + 1} is` : `records ${lastSeq + 1} to ${record.seq - 1} are`} missing before this line${isFirst ? ", and no rotation removed them" : ""}`;
  }
  return "this record does not continue the record before it: one of the two replaced another record";
}
