// The result of checking the trail, and its lines during the check.
import type { TrailRecord } from "./record.ts";

/** A place where the trail differs from what was written; `line` counts from 1. */
export type Break = { file: string; line: number; seq: number | null; what: string };

export type TrailVerdict = {
  intact: boolean;
  records: number;
  /** The number of records that the journal confirms. */
  witnessed: number;
  breaks: Break[];
  /** What neither the chain nor the journal can prove. */
  unproved: string[];
  /** Earlier trails that the journal knows, that no longer exist, and whose removal nobody has accepted. */
  removed: string[];
};

export type Placed = { file: string; line: number; text: string; isOpen: boolean; record: TrailRecord | null };

export type ChainLink = Placed & { record: TrailRecord };

/** The part of the lines that is consistent; `lastSeq` also counts broken records. */
export type Chain = { links: ChainLink[]; breaks: Break[]; unproved: string[]; lastSeq: number };
