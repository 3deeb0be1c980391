// The figures of the process itself, named as the client libraries of Prometheus name them.
import { load } from "./builtin.ts";
import { type FigureFamily, gauge } from "./family.ts";

const maxTypes = 20;

export function processFamilies(): FigureFamily[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  const resources = activeResources();
  return [
    {
      name: "process_cpu_seconds_total",
      type: "counter",
      help: "CPU time of the process, user and system.",
      samples: [`process_cpu_seconds_total ${(user + system) / 1e6}`],
    },
    gauge("process_resident_memory_bytes", "Resident memory of the process.", rss),
    gauge("process_open_fds", "Open file descriptors.", openFiles()),
    gauge("process_start_time_seconds", "When the process started, in seconds since 1970.", startTime()),
    gauge("nodejs_heap_size_total_bytes", "Size of the heap.", heapTotal),
    gauge("nodejs_heap_size_used_bytes", "Used part of the heap.", heapUsed),
    gauge("nodejs_external_memory_bytes", "Memory outside of the heap that its objects hold.", external),
    {
      name: "nodejs_active_resources",
      type: "gauge",
      help: "Open handles and requests that keep the process alive, by type.",
      samples: resources.map(([type, count]) => `nodejs_active_resources{type="${type}"} ${count}`),
    },
    { name: "build_info", type: "gauge", help: "The runtime of the app.", samples: [`build_info{${runtime()}} 1`] },
  ];
}

/** Computed once, so that it stays the same when the clock of the machine is set. */
let started: number | null = null;

function startTime(): number {
  started ??= Date.now() / 1000 - process.uptime();
  return started;
}

function runtime(): string {
  const [name, version] = typeof Bun === "undefined" ? ["node", process.version.slice(1)] : ["bun", Bun.version];
  return `runtime="${name}",version="${version}"`;
}

/** NaN where /proc cannot be read; then the figure is left out. */
function openFiles(): number {
  try {
    return load<typeof import("node:fs")>("node:fs").readdirSync("/proc/self/fd").length;
  } catch {
    return Number.NaN;
  }
}

function activeResources(): [string, number][] {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo?.() ?? []) {
    if (/^\w{1,40}$/.test(type)) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return [...counts].slice(0, maxTypes);
}
