// Runs in the lab: measures what main.ts asks for, and prints the figures as JSON.
import { logs } from "./logs.ts";
import { restart } from "./restart.ts";
import { status } from "./status.ts";
import { supervisor } from "./supervisor.ts";
import { version } from "./version.ts";

const benchmarks: Record<string, () => Promise<unknown>> = { restart, status, supervisor, logs, version };
console.log(JSON.stringify(await benchmarks[process.argv[2] ?? ""]?.()));
