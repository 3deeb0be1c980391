// The figures of a point as columns: how wide each is, and what many of them become together. The layouts are a file format.
import { healths, memorySources, states } from "../metrics/sample.ts";
import type { Point } from "./storage.ts";

export type Fold = "mean" | "sum" | "min" | "max" | "last";

type Numbers = Exclude<keyof Point, "atMs" | "state" | "health" | "memorySource">;
export type Column = {
  name: Numbers;
  bytes: 4 | 8;
  fold: Fold /** What stands for it where only single samples are kept. */;
  from?: Numbers;
};
type WordColumn = { name: "state" | "health" | "memorySource"; words: readonly string[] };

/** The widest first, so that each lies where a typed array may begin. */
const raw: Column[] = [
  { name: "memoryBytes", bytes: 8, fold: "mean" },
  { name: "ioReadBytes", bytes: 8, fold: "sum" },
  { name: "ioWriteBytes", bytes: 8, fold: "sum" },
  { name: "elapsedMs", bytes: 4, fold: "sum" },
  { name: "cpuPercent", bytes: 4, fold: "mean" },
  { name: "tasks", bytes: 4, fold: "mean" },
  { name: "openFiles", bytes: 4, fold: "mean" },
  { name: "cpuPressurePercent", bytes: 4, fold: "mean" },
  { name: "memoryPressurePercent", bytes: 4, fold: "mean" },
  { name: "ioPressurePercent", bytes: 4, fold: "mean" },
  { name: "latencyMs", bytes: 4, fold: "mean" },
  { name: "restarts", bytes: 4, fold: "last" },
  { name: "restarted", bytes: 4, fold: "sum" },
];

const spread: Column[] = [
  { name: "memoryBytesMin", bytes: 8, fold: "min", from: "memoryBytes" },
  { name: "memoryBytesMax", bytes: 8, fold: "max", from: "memoryBytes" },
  { name: "cpuPercentMin", bytes: 4, fold: "min", from: "cpuPercent" },
  { name: "cpuPercentMax", bytes: 4, fold: "max", from: "cpuPercent" },
  { name: "latencyMsMin", bytes: 4, fold: "min", from: "latencyMs" },
  { name: "latencyMsMax", bytes: 4, fold: "max", from: "latencyMs" },
  { name: "samples", bytes: 4, fold: "sum" },
];

/** One byte each; 255 is null. */
export const wordColumns: WordColumn[] = [
  { name: "state", words: states },
  { name: "health", words: healths },
  { name: "memorySource", words: memorySources },
];

export type Layout = { id: number; columns: readonly Column[]; rowBytes: number };

const layoutOf = (id: number, columns: Column[]): Layout => ({
  id,
  columns: columns.toSorted((a, b) => b.bytes - a.bytes),
  // Behind a key of 8 bytes.
  rowBytes: 8 + columns.reduce((sum, { bytes }) => sum + bytes, 0) + wordColumns.length,
});

const total: Column[] = [{ name: "cpuTimeMs", bytes: 8, fold: "last" }];

/** A new set of columns gets a new number; what was written with an old one stays readable. */
export const rawLayout = layoutOf(3, [...raw, ...total]);
export const rollupLayout = layoutOf(4, [...raw, ...spread, ...total]);
export const layouts: readonly Layout[] = [layoutOf(1, raw), layoutOf(2, [...raw, ...spread]), rawLayout, rollupLayout];
