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
  /** The text of the unit; null if there is none. Throws if it belongs to somebody else. */
  const own = (): string | null => {
    const found = readIfThere(file);
    if (found !== null && !isOurs(found, owner.mark))
      throw failed(`${unit} belongs to ${whoseIs(found, file)}`, { hint: `systemctl --user cat ${unit}` });
    return found;
  };
  const run = async (text: string) => {
    makeFolder(owner.units);
    writeWhole(file, text, 0o644);
    await systemctl.reload();
    wantUnits(owner.units, [unit], true);
    await systemctl.queue("restart", [unit]);
  };
  const remove = async () => {
    wantUnits(owner.units, [unit], false);
    await systemctl.stopWithin(unit, stopMs);
    rmSync(file, { force: true });
    await systemctl.reload();
  };
  return {
    port() {
      const [, port] = /^ExecStart=.* "?--port"? "?(\d{1,5})"?/m.exec(own() ?? "") ?? [];
      return port === undefined ? null : Number(port);
    },
    async isRunning() {
      if (own() === null) return null;
      const state = (await systemctl.show([unit], ["ActiveState"])).get(unit)?.get("ActiveState");
      return state === "active" || state === "activating" || state === "reloading";
    },
    async restart() {
      if (own() !== null) await systemctl.queue("restart", [unit]);
    },
    async start(words) {
      const previous = own();
      await run(webUnitText(words, ground));
      return async () => {
        if (previous === null) await remove();
        else await run(previous);
        return previous !== null;
      };
    },
    async stop() {
      if (own() === null) return false;
      await remove();
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
