// The result of checking the trail, and its lines during the check.
import type { TrailRecord } from "./record.ts";

/** A place where the trail differs from what was written; `line` counts from 1. */
export type Break = { file: string; line: number; seq: number | null; what: string };

export type TrailVerdict = {
  intact: boolean;
  records: number;
  /** The number of records whose hash is in systemd's journal. */
  witnessed: number;
  breaks: Break[];
  /** Sentences on what neither the hashes in the trail nor those in systemd's journal can prove. */
  unproved: string[];
  /**
   * Ids of earlier trails (records of all acts of bs9): systemd's journal still has their hashes, their files no longer exist,
   * and no user has accepted their removal.
   */
  removed: string[];
};

export type Placed = { file: string; line: number; text: string; isOpen: boolean; record: TrailRecord | null };

export type ChainLink = Placed & { record: TrailRecord };

/**
 * The lines of the trail that form one chain, each with the hash of the line before it; `lastSeq` also counts broken records.
 */
export type Chain = { links: ChainLink[]; breaks: Break[]; unproved: string[]; lastSeq: number };
