// How much the audit reads before it says that it did not read on.

export type Limits = { fileBytes: number; totalBytes: number; files: number; milliseconds: number };

/** A project of 10,000 lines is about 0.5 MB; beyond these a start would wait too long. */
export const defaultLimits: Limits = { fileBytes: 4 * 1024 * 1024, totalBytes: 32 * 1024 * 1024, files: 5000, milliseconds: 10_000 };
