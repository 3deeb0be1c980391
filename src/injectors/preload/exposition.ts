// The OpenMetrics text of this process.

export function exposition(): string {
  const memory = process.memoryUsage();
  return [
    "# HELP process_resident_memory_bytes Resident memory size in bytes.",
    "# TYPE process_resident_memory_bytes gauge",
    `process_resident_memory_bytes ${memory.rss}`,
    "# EOF",
    "",
  ].join("\n");
}
