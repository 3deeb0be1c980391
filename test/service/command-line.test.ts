// A command line in one text is split as a shell does it, and refused where it needs a shell.
import { expect, test } from "bun:test";
import { parseCommandLine } from "../../src/service/command-line.ts";

test.each<[string, string[], Record<string, string>?]>([
  ["npm run dev", ["npm", "run", "dev"]],
  ["  node\tserver.js  ", ["node", "server.js"]],
  [`python3 app.py --title "two words" --x='a b'`, ["python3", "app.py", "--title", "two words", "--x=a b"]],
  ["NODE_ENV=dev A='1 2' node server.js B=3", ["node", "server.js", "B=3"], { NODE_ENV: "dev", A: "1 2" }],
  [`echo "" ''`, ["echo", "", ""]],
  ["'A=1' x", ["A=1", "x"]],
  ["node é.js", ["node", "é.js"]],
])("a command line is split into words as a shell does: %s", (text, words, env = {}) => {
  expect(parseCommandLine(text)).toEqual({ words, env });
});

test.each([
  "",
  "  ",
  "A=1",
  "a | b",
  "a && b",
  "a; b",
  "a > f",
  "echo $HOME",
  'echo "$HOME"',
  "ls *.ts",
  "echo `id`",
  "a 'open",
  "~/x",
  "a\nb",
  "a \\ b",
])("the command line %j is not split, because it needs a shell or is not a command", (text) => {
  expect(parseCommandLine(text)).toBeNull();
});
