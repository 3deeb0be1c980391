// bs9 start: starts an entry as a service, the services of a file, or defined services.
import { usage } from "../base/errors.ts";
import { shellWord } from "../base/text.ts";
import { type Config, mistakeLine } from "../config/config.ts";
import type { Context } from "../context.ts";
import { startDefined } from "../lifecycle/acts.ts";
import { findingLine } from "../lifecycle/inspect.ts";
import { observe } from "../lifecycle/observe.ts";
import { planEntry } from "../lifecycle/plan.ts";
import { privateSockets } from "../lifecycle/reason/private-sockets.ts";
import { startEntry } from "../lifecycle/start.ts";
import { limitsNotInForce } from "../render/limit-words.ts";
import { noticeLine } from "../render/notice-line.ts";
import { isTarget, pickTargets } from "../service/targets.ts";
import { actedLine, actedResult, actedValue } from "./acted.ts";
import type { Command, Result, Words } from "./command.ts";
import { openSentence } from "./directory-words.ts";
import { gainLines } from "./gain.ts";
import { flagOf } from "./options.ts";
import { plannedResult } from "./planned.ts";
import { isServicesFile, startFile } from "./start-files.ts";
import { changesSomething, startInputOf, startOptions } from "./start-input.ts";

export const startCommand: Command = {
  name: "start",
  synopsis: "ENTRY [-- ARG…] | FILE.toml | TARGET…",
  summary: "start an app as a service, or start defined services",
  options: startOptions,
  examples: [
    "bs9 start app.ts --name web --port 3000",
    "bs9 start app.ts --health /healthz --memory 512M",
    "bs9 start python3 -- worker.py --fast",
    "bs9 start ./server --env-file .env.production",
    "bs9 start 'api-*'",
    "bs9 start .",
    'bs9 start "npm run dev"',
    "bs9 start bs9.toml",
    "bs9 start ecosystem.config.js",
  ],
  exits: [1, 4, 5, 6, 130],
  async run(given: Words, context: Context): Promise<Result> {
    const [word, ...more] = given.words;
    if (word === undefined) throw usage("start needs an entry or a service", { hint: "bs9 start app.ts" });
    const input = await startInputOf(given, context.cwd);
    checkConfig(context.config);
    const linger = given.options["linger"] === false ? false : context.config.defaults.linger;
    if (isServicesFile(word, context.cwd)) {
      if (more.length > 0)
        throw usage(`start takes ${word} without other words, and starts all its services`, { hint: hintInstead(word, more, context) });
      if (changesSomething(input))
        throw usage(`options of the services must be set in ${word} itself`, { hint: `bs9 start ${shellWord(word)}` });
      return startFile(word, { linger, dryRun: flagOf(given.options, "dryRun") }, context);
    }
    const deps = await context.prepare();
    const defined = context.registry.names();
    const isOne = defined.includes(word) && more.length === 0;
    if (isTarget(word, defined) && !(isOne && changesSomething(input))) {
      if (changesSomething(input)) throw usage("options apply to one service at a time", { hint: `bs9 start ${shellWord(word)} …` });
      if (flagOf(given.options, "dryRun"))
        throw usage("--dry-run needs an entry: it shows the service that the entry would become", { hint: "bs9 start app.ts --dry-run" });
      const acted = await startDefined(pickTargets(given.words, defined), deps, { linger });
      return actedResult("start", acted, deps, { isJson: context.settings.json });
    }
    if (more.length > 0)
      throw usage(`start takes one entry; arguments of the app must follow --`, {
        hint: `bs9 start ${[word, "--", ...more].map(shellWord).join(" ")}`,
      });
    if (flagOf(given.options, "dryRun")) return plannedResult(await planEntry(word, input, deps));
    const started = await startEntry(word, input, deps, { linger });
    const observed = (await observe([started.name], deps))[0];
    return {
      value: [{ ...actedValue(started, observed), ...(started.gain === null ? {} : { gain: started.gain }) }],
      names: [started.name],
      text: (style) => [
        actedLine(started.name, started.result, started.readiness, observed, style),
        ...(started.gain === null ? [] : gainLines(started.gain)),
      ],
      hints: [
        ...started.findings.slice(0, 5).map((finding) => `${finding.severity}: ${findingLine(finding)}`),
        ...(started.findings.length > 5 ? [`… and ${started.findings.length - 5} more: bs9 audit ${started.name}`] : []),
        ...(started.directories === null ? [] : [openSentence(started.name, started.directories, deps.home)]),
        ...(observed === undefined ? [] : limitsNotInForce(observed.status)),
        ...(observed?.status.state === "active" ? (await privateSockets(started.name, deps)).map(noticeLine) : []),
        ...(observed?.status.sandbox === "partial" ? [`the sandbox is partial: bs9 describe ${started.name} says what is missing`] : []),
      ],
    };
  },
};

/** Suggests to start the other words if they are all defined services, and otherwise the file alone. */
function hintInstead(file: string, more: string[], { registry }: Context): string {
  const defined = registry.names();
  return `bs9 start ${more.every((name) => defined.includes(name)) ? more.join(" ") : shellWord(file)}`;
}

/** Throws if config.toml or a BS9_ variable has a mistake, because a service would then get other defaults than intended. */
function checkConfig({ mistakes }: Config): void {
  const [first] = mistakes;
  if (first !== undefined) throw usage(mistakeLine(first), { hint: "bs9 config --check" });
}
