// bs9-alert.service: systemd starts it when a service enters `failed` and no agent runs, so that the failure is told all the same.
//
// One unit serves all services, and not one instance of a template for each: a service refers to it by name, so systemd would load
// an instance with every service, and a hundred services that fail at once would start a hundred processes. The process looks at
// all services itself.
import { alertVariable } from "../../backend/backend.ts";
import { confinement } from "./confinement.ts";
import type { Owner } from "./ownership.ts";
import { execWord, unitWord } from "./quote.ts";

export const alertUnitName = "bs9-alert.service";

/** The directory below XDG_RUNTIME_DIR that systemd creates when the agent starts, and removes when the agent ends in any way. */
export const agentDirectory = "bs9-agent";

/** The line in the unit of each service. systemd does not start the unit while the service is going to be restarted. */
export const onFailureLine = `OnFailure=${alertUnitName}`;

export type AlertUnitGround = { owner: Pick<Owner, "mark">; program: string; variables: readonly string[] };

export function alertUnitText({ owner, program, variables }: AlertUnitGround): string {
  return [
    "# Made by bs9, and made again at will: what is changed here is lost.",
    "[Unit]",
    "Description=bs9 alert: tells that services have failed while the agent does not run",
    `ConditionFileIsExecutable=${program.replaceAll("%", "%%")}`,
    // systemd checks this itself: while the agent runs, a failed service starts no process.
    `ConditionPathExists=!%t/${agentDirectory}`,
    "StartLimitIntervalSec=0",
    "",
    "[X-BS9]",
    `Owner=${unitWord(owner.mark)}`,
    "",
    "[Service]",
    "Type=oneshot",
    `ExecStart=${execWord(program)}`,
    `Environment=${alertVariable}=1`,
    ...variables,
    "UnsetEnvironment=BUN_OPTIONS BUN_BE_BUN",
    "TimeoutStartSec=15min",
    "TimeoutStopSec=10s",
    // Without this line systemd writes a line into the journal for each service that fails while the agent runs.
    "LogLevelMax=notice",
    "",
    ...confinement,
    "",
  ].join("\n");
}
