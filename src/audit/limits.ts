// The limits after which the audit stops reading and says so.

export type Limits = { fileBytes: number; totalBytes: number; files: number; milliseconds: number };

/**
 * A project of 10,000 lines has about 0.5 MB. Beyond these limits a start would wait too long, and the tree of one file would
 * need too much memory: up to 350 bytes for each byte of source.
 */
export const defaultLimits: Limits = { fileBytes: 2 * 1024 * 1024, totalBytes: 32 * 1024 * 1024, files: 5000, milliseconds: 10_000 };
