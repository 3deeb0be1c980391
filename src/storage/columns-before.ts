// The order of columns in blocks of versions 1 and 2 of metrics.db, from before the table of figures defined the order.

type OldColumn = { name: string; bytes: 4 | 8 };

const wide = (...names: string[]): OldColumn[] => names.map((name) => ({ name, bytes: 8 }));
const narrow = (...names: string[]): OldColumn[] => names.map((name) => ({ name, bytes: 4 }));

const wideRaw = wide("memoryBytes", "ioReadBytes", "ioWriteBytes");
const wideSpread = wide("memoryBytesMin", "memoryBytesMax");
const total = wide("cpuTimeMs");
const narrowRaw = [
  ...narrow("elapsedMs", "cpuPercent", "tasks", "openFiles", "cpuPressurePercent", "memoryPressurePercent", "ioPressurePercent"),
  ...narrow("latencyMs", "restarts", "restarted"),
];
const narrowSpread = narrow("cpuPercentMin", "cpuPercentMax", "latencyMsMin", "latencyMsMax", "samples");

export const columnsBefore: readonly { id: number; columns: readonly OldColumn[] }[] = [
  { id: 1, columns: [...wideRaw, ...narrowRaw] },
  { id: 2, columns: [...wideRaw, ...wideSpread, ...narrowRaw, ...narrowSpread] },
  { id: 3, columns: [...wideRaw, ...total, ...narrowRaw] },
  { id: 4, columns: [...wideRaw, ...wideSpread, ...total, ...narrowRaw, ...narrowSpread] },
];
