// Words of PM2 get an answer in one line, and no guess by their spelling.
import { expect, test } from "bun:test";
import { parse } from "../../src/cli.ts";
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

test.each(["save", "startup", "resurrect", "flush", "update", "reload", "scale", "id", "kill", "env", "dump", "unstartup"])(
  "%s",
  (word) => {
    expect(outcome(word, "web")).toMatch(new RegExp(`^${word} (is not needed: |is not in this version|would show).* \\| .+$`));
    expect(outcome(word)).not.toContain("did you mean");
  },
);

test.each([
  "start app.ts -i 4",
  "start app.ts --instances max",
  "start app.py --interpreter python3",
  "start app.ts --max-memory-restart 300M",
  "start app.ts --cron-restart daily",
  "start app.ts --time",
  "start app.ts --no-autorestart",
  "logs --tail",
])("%s", (line) => {
  const said = outcome(...line.split(" "));
  expect(said).toMatch(/^--?[a-z-]+ (?:is|takes) .* \| .+$/);
  expect(said).not.toContain("has no option");
});

test("ps, jlist, rm, del and info are words for commands of bs9", () => {
  expect(["ps", "jlist", "rm", "del", "info"].map((word) => outcome(word, "web"))).toEqual([
    "status",
    "status",
    "delete",
    "delete",
    "describe",
  ]);
});
