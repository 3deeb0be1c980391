// One number as the key of a row, so that the points of a service at one level lie together, in the order they were written.
// The order is a count of its own and no time: a clock that is set moves nothing.
import type { SubjectKind } from "../../metrics/subject.ts";

const seqs = 2 ** 30;
const services = 2 ** 20;

/** `seq` counts what was written at a level: at one a second it lasts for 34 years. */
export function chunkKey(level: number, service: number, seq: number): number {
  return (level * services + service) * seqs + Math.min(Math.max(seq, 0), seqs - 1);
}

export const lastChunkKey = (level: number, service: number): number => chunkKey(level, service, seqs - 1);

export const seqOf = (key: number): number => key % seqs;

/** A tick has all services together, or the host. */
const tickIds: Record<SubjectKind, number> = { service: 0, host: 1 };
export const tickKey = (kind: SubjectKind, level: number, seq: number): number => chunkKey(level, tickIds[kind], seq);
export const lastTickKey = (kind: SubjectKind, level: number): number => lastChunkKey(level, tickIds[kind]);

export const maxServiceId = services - 1;
