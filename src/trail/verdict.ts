// What is found out about the trail, and its lines on the way there.
import type { TrailRecord } from "./record.ts";

/** A place where the trail is not as it was written; `line` counts from 1. */
export type Break = { file: string; line: number; seq: number | null; what: string };

export type Verdict = {
  intact: boolean;
  records: number;
  /** So many of them the journal bears out. */
  witnessed: number;
  breaks: Break[];
  /** What neither chain nor journal can show. */
  unproved: string[];
  /** Earlier trails that the journal knows, that are gone, and whose going nobody has accepted. */
  removed: string[];
};

export type Placed = { file: string; line: number; text: string; isOpen: boolean; record: TrailRecord | null };

export type Link = Placed & { record: TrailRecord };

/** What of the lines holds together; `lastSeq` counts broken ones too. */
export type Chain = { links: Link[]; breaks: Break[]; unproved: string[]; lastSeq: number };
