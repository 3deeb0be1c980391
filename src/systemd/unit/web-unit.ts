// bs9-web.service: the web server as a service of the user manager, so that it runs after a reboot too.
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { WebUnit } from "../../backend/backend.ts";
import { failed } from "../../base/errors.ts";
import { makeFolder, readIfThere, writeWhole } from "../../base/files.ts";
import type { Systemctl } from "../bus/systemctl.ts";
import { homeVariables } from "./agent-unit.ts";
import { confinement } from "./confinement.ts";
import { isOurs, type Owner, whoseIs } from "./ownership.ts";
import { execWord, unitWord } from "./quote.ts";
import { wantUnits } from "./wants.ts";

const unit = "bs9-web.service";
/** The requests that are being answered get this long to end. */
const stopMs = 5000;

type WebGround = { owner: Owner; systemctl: Systemctl; program: string; env: Record<string, string | undefined> };

export function webUnit(ground: WebGround): WebUnit {
  const { owner, systemctl } = ground;
  const file = join(owner.units, unit);
  /** True if the unit exists. Throws if it belongs to somebody else. */
  const isThere = (): boolean => {
    const found = readIfThere(file);
    if (found !== null && !isOurs(found, owner.mark))
      throw failed(`${unit} belongs to ${whoseIs(found, file)}`, { hint: `systemctl --user cat ${unit}` });
    return found !== null;
  };
  return {
    async start(words) {
      isThere();
      makeFolder(owner.units);
      writeWhole(file, webUnitText(words, ground), 0o644);
      await systemctl.reload();
      wantUnits(owner.units, [unit], true);
      await systemctl.queue("restart", [unit]);
    },
    async stop() {
      if (!isThere()) return false;
      wantUnits(owner.units, [unit], false);
      await systemctl.stopWithin(unit, stopMs);
      rmSync(file, { force: true });
      await systemctl.reload();
      return true;
    },
  };
}

/** What the web server reads beside the variables that decide where bs9 keeps its files. */
const ownVariables = [...homeVariables, "BS9_WEB_TOKEN_FILE"];

/** It reads /proc of the services as the agent does, so its sandbox is the same. */
function webUnitText(words: string[], { owner, program, env }: WebGround): string {
  const given = ownVariables.flatMap((name) => (env[name] ? [`Environment=${unitWord(`${name}=${env[name]}`)}`] : []));
  return [
    "# Made by bs9 web --detach, and removed by bs9 web --stop.",
    "[Unit]",
    "Description=bs9 web server",
    // Without this condition systemd would restart the server for ever after bs9 was removed.
    `ConditionFileIsExecutable=${program.replaceAll("%", "%%")}`,
    "StartLimitIntervalSec=0",
    "",
    "[X-BS9]",
    `Owner=${unitWord(owner.mark)}`,
    "",
    "[Service]",
    "Type=exec",
    `ExecStart=${[execWord(program), "web", ...words.map(execWord)].join(" ")}`,
    ...given,
    "UnsetEnvironment=BUN_OPTIONS BUN_BE_BUN",
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
