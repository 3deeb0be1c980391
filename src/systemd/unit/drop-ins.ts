// Lists the settings that drop-ins of others change in a unit (systemd.unit(5)); distributions ship drop-ins for every service.
import { readIfThere } from "../../base/files.ts";

/**
 * Settings that cannot weaken a sandbox. Any other setting may, such as a standard input that systemd opens outside the
 * sandbox.
 */
const harmless =
  /^(Description|Documentation|After|Before|Wants|Requires|Requisite|BindsTo|PartOf|Upholds|Conflicts|On(Success|Failure).*|(Condition|Assert).*|Timeout.*|JobTimeout.*|Restart.*|StartLimit.*|Watchdog.*|SuccessExitStatus|Kill.*|FinalKillSignal|SendSIG.*|OOM.*|Memory.*|CPU.*|Startup(CPU|IO|Memory).*|IO.*|Tasks.*|Limit.*|Nice|Log.*|Syslog.*|Environment|WantedBy|ManagedOOM.*)$/;

/** `NAME= in FILE` for each setting that may affect the sandbox; a file that cannot be read is reported by its name alone. */
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
  // A line that ends in a backslash continues on the next line (systemd.syntax(7)).
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
