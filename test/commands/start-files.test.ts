// Which words of `start` name a file of services.
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startLine } from "../../src/commands/run.ts";
import { isServicesFile } from "../../src/commands/start-files.ts";
import { findEntry } from "../../src/service/entry.ts";
import { tempDir } from "../harness.ts";

const folder = tempDir();
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "my app"));
for (const file of ["my app/bs9.toml", "my app/ecosystem.config.js"]) writeFileSync(join(folder, file), "");

test("a word with a space names a file of services only where the file exists", () => {
  for (const word of ["my app/bs9.toml", "my app/ecosystem.config.js", join(folder, "my app/bs9.toml"), "missing.toml"])
    expect(isServicesFile(word, folder)).toBe(true);
  for (const word of ["caddy run --config bs9.toml", "node x/ecosystem.config.js", "app.ts"])
    expect(isServicesFile(word, folder)).toBe(false);
});

test("bs9 run on a machine with systemd names the bs9 start command line that starts the same services", () => {
  expect(startLine(undefined, join(folder, "my app"))).toBe("bs9 start bs9.toml");
  expect(startLine(undefined, folder)).toBe("bs9 start app.ts");
  expect(startLine("my app/bs9.toml", folder)).toBe("bs9 start 'my app/bs9.toml'");
});

test.each(["compose.yml", "compose.YAML", "package.json", "other.toml", ".env", ".env.local", "web.env", "README.md", "notes.txt"])(
  "start %s does not suggest to make the file executable",
  (name) => {
    writeFileSync(join(folder, name), "rm -rf .\n");
    let error: { message?: string; hint?: string } = {};
    try {
      findEntry(`./${name}`, folder, "", false);
    } catch (thrown) {
      error = thrown as typeof error;
    }
    expect(error.message).toContain("it is a text file, not a program");
    expect(error.hint).not.toContain("chmod");
  },
);
