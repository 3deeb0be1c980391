// Runs in the lab as the user ops: takes the measurements of one proof, and prints them and the commands as JSON.
import { commands } from "./call.ts";
import { logs } from "./logs.ts";
import { restart } from "./restart.ts";
import type { Comparison } from "./rounds.ts";
import { speed } from "./speed.ts";
import { status } from "./status.ts";
import { supervisor } from "./supervisor.ts";
import { version } from "./version.ts";

const measurements: Record<string, () => Promise<Comparison[]>> = { restart, speed, status, supervisor, logs, version };
const comparisons = await measurements[process.argv[2] ?? ""]?.();
console.log(JSON.stringify({ comparisons, commands: [...commands] }));
