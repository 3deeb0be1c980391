// bs9 stop, restart and delete.
import { usage } from "../base/errors.ts";
import type { Context } from "../context.ts";
import { deleteDefined, restartDefined, stopDefined } from "../lifecycle/acts.ts";
import { pickTargets } from "../service/targets.ts";
import { actedResult } from "./acted.ts";
import type { Command, Words } from "./command.ts";
import { confirm } from "./confirm.ts";
import { choiceOf } from "./options.ts";

export const stopCommand: Command = {
  name: "stop",
  synopsis: "TARGET…",
  summary: "stop services, and do not start them at the next boot",
  options: [],
  examples: ["bs9 stop web", "bs9 stop 'api-*'", "bs9 stop all"],
  exits: [1, 4, 5, 130],
  async run(given, context) {
    const names = await targetsOf("stop", given, context);
    const deps = await context.prepare();
    const isJson = context.settings.json;
    return actedResult("stop", await stopDefined(names, deps), deps, { isJson });
  },
};

export const restartCommand: Command = {
  name: "restart",
  synopsis: "TARGET…",
  summary: "restart services",
  options: [{ flags: "--runtime <runtime>", text: "latest: use the runtime of the installed bs9 from now on", values: ["latest"] }],
  examples: ["bs9 restart web", "bs9 restart all", "bs9 restart web --runtime latest"],
  exits: [1, 4, 5, 6, 130],
  async run(given, context) {
    const names = await targetsOf("restart", given, context);
    const latestRuntime = choiceOf(given.options, "runtime", ["latest"]) === "latest";
    const deps = await context.prepare();
    const isJson = context.settings.json;
    return actedResult("restart", await restartDefined(names, deps, { latestRuntime }), deps, { isJson });
  },
};

export const deleteCommand: Command = {
  name: "delete",
  synopsis: "TARGET…",
  aliases: ["rm", "del"],
  summary: "stop services and remove their definitions; the files of the apps stay",
  options: [],
  examples: ["bs9 delete web", "bs9 delete all --yes"],
  exits: [1, 4, 5, 130],
  async run(given, context) {
    const names = await targetsOf("delete", given, context);
    if (names.length > 0)
      await confirm(
        `Delete ${names.length === 1 ? names[0] : `${names.length} services (${names.slice(0, 5).join(", ")}${names.length > 5 ? ", …" : ""})`}?`,
        context,
      );
    const deps = await context.prepare();
    const isJson = context.settings.json;
    return actedResult("delete", await deleteDefined(names, deps), deps, { isJson });
  },
};

async function targetsOf(verb: string, { words }: Words, context: Context): Promise<string[]> {
  if (words.length === 0) throw usage(`${verb} needs the name of a service, a glob or 'all'`, { hint: `bs9 ${verb} NAME` });
  await context.settle();
  return pickTargets(words, context.registry.names());
}
