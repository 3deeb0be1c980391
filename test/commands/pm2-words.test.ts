// Commands and options of PM2 are answered in one line, instead of a guess by their spelling.
import { expect, test } from "bun:test";
import { parse } from "../../src/cli.ts";
import { startInputOf } from "../../src/commands/start-input.ts";
import { allCommands } from "../../src/commands/table.ts";

const commands = await allCommands();
const outcome = (...argv: string[]): string => {
  try {
    return parse(argv, commands).command.name;
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string };
    return `${message} | ${hint}`;
  }
};

const words =
  "save startup resurrect flush update reload scale id kill env dump unstartup reset desc pid l prettylist slist sysmonit report startOrRestart startOrReload startOrGracefulReload gracefulReload serve deploy install uninstall init set get conf ping sendSignal trigger attach link unlink plus login";

test.each(words.split(" "))("the command %s of PM2 is answered by what replaces it", (word) => {
  expect(outcome(word, "web")).toMatch(new RegExp(`^${word} (is |would show).* \\| .+$`));
  expect(outcome(word)).not.toContain("did you mean");
});

test.each([
  "start app.ts -i 4",
  "start app.ts --instances max",
  "start app.py --interpreter python3",
  "start app.ts --max-memory-restart 300M",
  "start app.ts --cron-restart daily",
  "start app.ts --time",
  "start app.ts --no-autorestart",
  "start app.ts --watch",
  "start app.ts --ignore-watch node_modules",
  "start ecosystem.config.js --only web",
  "start app.ts -o out.log",
  "start app.ts --output out.log",
  "start app.ts --error err.log",
  "start app.ts --node-args=--inspect",
  "start app.ts --wait-ready",
  "start app.ts --merge-logs",
  "start app.ts --namespace shop",
  "start app.ts --uid www-data",
  "start app.ts --kill-timeout 5000",
  "start app.ts --no-daemon",
  "logs --tail",
  "logs --nostream",
  "logs --raw",
])("bs9 answers the PM2 option in '%s' with what replaces it", (line) => {
  const said = outcome(...line.split(" "));
  expect(said).toMatch(/^--?[a-z-]+ (?:is|takes) .* \| .+$/);
  expect(said).not.toContain("has no option");
});

test.each<[string[], string]>([
  [["--env", "production"], "--env-file .env.production"],
  [["-e", "err.log"], "--log file"],
  [["--restart-delay", "3000"], "3000ms"],
  [["--stop-timeout", "5000"], "5000ms"],
])("start %j, with a value as PM2 takes it, fails and names the option or value of bs9 to use instead", (options, answer) => {
  const said = startInputOf(parse(["start", "app.ts", ...options], commands).given, "/").catch((error) => `${error.message} ${error.hint}`);
  expect(said).resolves.toContain(answer);
});

test("no answer suggests a command that bs9 does not have", () => {
  for (const word of words.split(" ")) {
    const [, , hinted] = /\| bs9 ((\S+).*)$/.exec(outcome(word)) ?? [];
    expect(commands.some(({ name }) => name === hinted) || hinted === undefined).toBe(true);
  }
});

test("ps, jlist, rm, del and info are aliases of commands of bs9", () => {
  expect(["ps", "jlist", "rm", "del", "info"].map((word) => outcome(word, "web"))).toEqual([
    "status",
    "status",
    "delete",
    "delete",
    "describe",
  ]);
});
