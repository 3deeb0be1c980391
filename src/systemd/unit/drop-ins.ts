// What drop-ins of others change of a unit (systemd.unit(5)); distributions ship some that apply to every service.
import { readIfThere } from "../../base/files.ts";

/** Settings that loosen no sandbox; anything else may, such as a standard input that systemd opens outside of it. */
const harmless =
  /^(Description|Documentation|After|Before|Wants|Requires|Requisite|BindsTo|PartOf|Upholds|Conflicts|On(Success|Failure).*|(Condition|Assert).*|Timeout.*|JobTimeout.*|Restart.*|StartLimit.*|Watchdog.*|SuccessExitStatus|Kill.*|FinalKillSignal|SendSIG.*|OOM.*|Memory.*|CPU.*|Startup(CPU|IO|Memory).*|IO.*|Tasks.*|Limit.*|Nice|Log.*|Syslog.*|Environment|WantedBy|ManagedOOM.*)$/;

/** `NAME in FILE` for each setting that may touch the sandbox; a file that cannot be read counts whole. */
export function foreignSettings(dropIns: string[]): string[] {
  return dropIns.flatMap((file) => {
    const text = read(file);
    return text === null ? [file] : settingsOf(text).map((name) => `${name}= in ${file}`);
  });
}

/** Pure. */
export function settingsOf(text: string): string[] {
  const names = new Set<string>();
  let section = "";
  // A line that ends in a backslash goes on; comments may stand in between.
  for (const line of text.replace(/\\\n/g, " ").split("\n")) {
    section = /^\s*\[(.*)\]\s*$/.exec(line)?.[1] ?? section;
    const name = /^\s*([A-Za-z0-9]+)\s*=/.exec(line)?.[1];
    if (name !== undefined && !section.startsWith("X-") && !harmless.test(name)) names.add(name);
  }
  return [...names];
}

function read(file: string): string | null {
  try {
    return readIfThere(file);
  } catch {
    return null;
  }
}
