// The two streams of a service, their files, and the marks of their index.
import { join } from "node:path";

export const streams = ["stdout", "stderr"] as const;
export type Stream = (typeof streams)[number];

/** At the time `atMs` the stream had been written up to `offset`. */
export type Mark = { offset: number; atMs: number };

export const logFile = (folder: string, stream: Stream): string => join(folder, `${stream}.log`);
