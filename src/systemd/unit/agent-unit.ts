// bs9-agent.service: the agent as a service of the user manager, in a sandbox as strict as its work allows.
import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { type AgentSeen, type AgentUnit, agentVariable } from "../../backend/backend.ts";
import { reasonOf } from "../../base/errors.ts";
import { makeFolder, readIfThere, writeWhole } from "../../base/files.ts";
import type { Systemctl } from "../bus/systemctl.ts";
import { agentDirectory, alertUnitName, alertUnitText } from "./alert-unit.ts";
import { confinement } from "./confinement.ts";
import { isOurs, type Owner, whoseIs } from "./ownership.ts";
import { execWord, unitWord } from "./quote.ts";
import { wantedUnits, wantUnits } from "./wants.ts";

const unit = "bs9-agent.service";
/** An agent that hangs would block a command for its whole stop timeout; killing the agent loses nothing. */
const stopMs = 2000;
const notKept = "no samples of these services are stored, and their health is not checked";

type AgentGround = { state: string; owner: Owner; systemctl: Systemctl; program: string; env: Record<string, string | undefined> };

export function agentUnit(ground: AgentGround): AgentUnit {
  const file = join(ground.owner.units, unit);
  const whose = (): ReturnType<AgentUnit["whose"]> => {
    const found = readIfThere(file);
    if (found === null) return "nobody's";
    return isOurs(found, ground.owner.mark) ? "ours" : { other: whoseIs(found, file) };
  };
  return { file, whose, text: () => agentUnitText(ground), keep: (isNeeded, seen) => keep(isNeeded, seen, ground) };
}

/**
 * Makes the unit of the agent run while it is needed. Can be called at any time: if nothing has to change, it only reads a
 * file.
 */
async function keep(isNeeded: boolean, seen: AgentSeen, ground: AgentGround): Promise<string | null> {
  const { owner, systemctl, state } = ground;
  // The file marks that the unit was enabled completely: if it exists and the unit is disabled, the user disabled it on
  // purpose.
  const enabled = join(state, "agent-enabled");
  const file = join(owner.units, unit);
  try {
    const found = readIfThere(file);
    if (found !== null && !isOurs(found, owner.mark)) return isNeeded ? `${unit} belongs to ${whoseIs(found, file)}: ${notKept}` : null;
    if (!isNeeded) {
      rmSync(enabled, { force: true });
      return found === null ? null : await remove(file, ground);
    }
    const text = agentUnitText(ground);
    const alertText = alertUnitText({ owner, program: ground.program, variables: given(ground.env) });
    const isAlertNew = isOtherAlertUnit(alertText, owner);
    if (found === text && !isAlertNew && existsSync(enabled)) {
      if (seen === "own" || !wantedUnits(owner.units).has(unit)) return null;
      // An agent that does not answer may only be busy, so it is started and not restarted.
      await systemctl.queue(seen === "other" ? "restart" : "start", [unit]);
      return null;
    }
    makeFolder(owner.units);
    writeWhole(file, text, 0o644);
    if (isAlertNew) writeWhole(alertFileOf(owner), alertText, 0o644);
    await systemctl.reload();
    if (!existsSync(enabled)) wantUnits(owner.units, [unit], true);
    writeWhole(enabled, "", 0o600);
    await systemctl.queue("restart", [unit]);
    return null;
  } catch (error) {
    return `the agent does not run (${reasonOf(error)}): ${notKept}`;
  }
}

async function remove(file: string, { owner, systemctl }: AgentGround): Promise<null> {
  wantUnits(dirname(file), [unit], false);
  await systemctl.stopWithin(unit, stopMs);
  rmSync(file, { force: true });
  const alertFile = alertFileOf(owner);
  if (isOurs(readIfThere(alertFile) ?? "", owner.mark)) rmSync(alertFile, { force: true });
  await systemctl.reload();
  return null;
}

const alertFileOf = (owner: Owner): string => join(owner.units, alertUnitName);

/** Whether the unit for alerts has to be written. A unit of that name that belongs to somebody else stays as it is. */
function isOtherAlertUnit(text: string, owner: Owner): boolean {
  const found = readIfThere(alertFileOf(owner));
  return found === null || (found !== text && isOurs(found, owner.mark));
}

/** The variables that decide in which directories bs9 keeps its files. */
export const homeVariables = ["BS9_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"];

const given = (env: AgentGround["env"]): string[] =>
  homeVariables.flatMap((name) => (env[name] ? [`Environment=${unitWord(`${name}=${env[name]}`)}`] : []));

function agentUnitText({ owner, program, env }: AgentGround): string {
  return [
    "# Made by bs9, and made again at will: what is changed here is lost.",
    "[Unit]",
    "Description=bs9 agent: samples, health and history of services",
    // Without this condition systemd would restart the agent for ever after bs9 was removed.
    `ConditionFileIsExecutable=${program.replaceAll("%", "%%")}`,
    "StartLimitIntervalSec=0",
    "",
    "[X-BS9]",
    `Owner=${unitWord(owner.mark)}`,
    "",
    "[Service]",
    "Type=exec",
    `ExecStart=${execWord(program)}`,
    `Environment=${agentVariable}=1`,
    ...given(env),
    "UnsetEnvironment=BUN_OPTIONS BUN_BE_BUN",
    // bs9-alert.service does not start while this directory exists.
    `RuntimeDirectory=${agentDirectory}`,
    "RuntimeDirectoryMode=0700",
    "Restart=always",
    "RestartSec=3s",
    "TimeoutStopSec=10s",
    "",
    ...confinement,
    "",
    "[Install]",
    "WantedBy=default.target",
    "",
  ].join("\n");
}
