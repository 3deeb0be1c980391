// The options that every command takes.
import type { Option } from "./command.ts";

export const globalOptions: Option[] = [
  { flags: "--json", text: "print one JSON value" },
  { flags: "-q, --quiet", text: "print only names" },
  { flags: "--no-color", text: "no colours (NO_COLOR does the same)" },
  { flags: "--yes", text: "do not ask for confirmation" },
  { flags: "--debug", text: "show the stack traces of errors" },
  { flags: "-h, --help", text: "show this help" },
];
