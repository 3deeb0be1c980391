// Parsing of argv: words stay exact, no value is converted, and none is lost.
import { describe, expect, test } from "bun:test";
import type { Bs9Error } from "../src/base/errors.ts";
import { parse } from "../src/cli.ts";
import { allCommands } from "../src/commands/table.ts";

const commands = await allCommands();

const given = (...argv: string[]) => parse(argv, commands).given;

describe("values of options arrive as they were typed", () => {
  test.each(["007", "1e3", "true", "", " ", "a=b", "ünï", "0x10", "-", "\u0001", "a\nb", '"', "$HOME", "--", "null"])("--name=%j", (text) =>
    expect(given("start", "app.ts", `--name=${text}`).options["name"]).toBe(text),
  );
  test.each(["007", "1e3", "", "with space", "\u0001x"])("-n %j", (text) =>
    expect(given("start", "app.ts", "-n", text).options["name"]).toBe(text),
  );
  test("the value of an option may follow the letter of the option directly", () =>
    expect(given("start", "app.ts", "-p3000").options["port"]).toBe("3000"));
  test("positional arguments stay text and are not converted to numbers", () => expect(given("start", "007").words).toEqual(["007"]));
  test("arguments after -- belong to the app", () => {
    const { words, rest, options } = given("start", "app.ts", "--", "--name", "x", "--", "007", "");
    expect(words).toEqual(["app.ts"]);
    expect(rest).toEqual(["--name", "x", "--", "007", ""]);
    expect(options["name"]).toBeUndefined();
  });
  test("repeated options become a list", () =>
    expect(given("start", "a.ts", "-e", "A=1", "--env", "B=2", "--env=C=").options["env"]).toEqual(["A=1", "B=2", "C="]));
  test("an option that may be repeated is a list even if it is given once", () =>
    expect(given("start", "a.ts", "-e", "A=1").options["env"]).toEqual(["A=1"]));
  test("an option without a value is true or absent", () => {
    expect(given("status", "--watch").options["watch"]).toBe(true);
    expect(given("start", "a.ts", "--no-linger").options["linger"]).toBe(false);
  });
  test("options may precede the command", () => expect(given("--json", "status").options["json"]).toBe(true));
  test("an alias runs the command that it stands for", () => expect(parse(["ls"], commands).command.name).toBe("status"));
});

describe("an unknown command or option is refused with a suggestion", () => {
  test.each([
    [["statsu"], "did you mean 'status'"],
    [["start", "a.ts", "--prot", "1"], "did you mean --port"],
    [["start", "a.ts", "--instances", "2"], "--instances is not in this version"],
    [["start", "a.ts", "-x"], "has no option -x"],
    [["start", "a.ts", "--port"], "needs a value"],
    [["observe"], "unknown command 'observe'"],
    [["--nonsense"], "unknown option"],
    [["\x1b[2J"], "unknown command '\\x1b[2J'"],
  ])("%j", (argv, text) => {
    expect(() => parse(argv, commands)).toThrow(text);
    try {
      parse(argv, commands);
    } catch (error) {
      expect((error as Bs9Error).exitStatus).toBe(2);
    }
  });
});
