// The table of commands.
import { remove, restart, stop } from "./acts.ts";
import { audit } from "./audit.ts";
import type { Command } from "./command.ts";
import { completionCommand } from "./completion.ts";
import { describe } from "./describe.ts";
import { logs } from "./logs.ts";
import { start } from "./start.ts";
import { status } from "./status.ts";
import { version } from "./version.ts";

const completion = completionCommand(() => commands);

export const commands: Command[] = [start, stop, restart, remove, status, logs, describe, audit, completion, version];
