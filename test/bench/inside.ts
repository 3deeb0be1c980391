// Runs in the lab: measures what main.ts asks for, and prints the figures as JSON.
import { restart } from "./restart.ts";
import { status } from "./status.ts";
import { version } from "./version.ts";

const benchmarks: Record<string, () => Promise<unknown>> = { restart, status, version };
console.log(JSON.stringify(await benchmarks[process.argv[2] ?? ""]?.()));
