// The table of commands.
import { remove, restart, stop } from "./acts.ts";
import type { Command } from "./command.ts";
import { config } from "./config.ts";
import { describe } from "./describe.ts";
import { doctor } from "./doctor.ts";
import { history } from "./history.ts";
import { logs } from "./logs.ts";
import { start } from "./start.ts";
import { status } from "./status.ts";
import { version } from "./version.ts";

export const commands: Command[] = [start, stop, restart, remove, status, logs, describe, history, config, doctor, version];
