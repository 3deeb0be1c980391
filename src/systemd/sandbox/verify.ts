// Judges the sandbox of a live process, directive by directive: compares the directives of its unit with what /proc shows, and
// with those that were in effect in a test of the same settings on this host.

import { cacheInHome } from "../../backend/directories.ts";
import { lackOfNarrowed } from "../../backend/narrowed.ts";
import type { Opening } from "../../backend/opening.ts";
import { type Directive, label, profileDirectives, wishedDirectives } from "../../backend/sandbox.ts";
import type { Missing, SandboxVerdict } from "../../backend/verdict.ts";
import type { SandboxProfile } from "../../service/spec.ts";
import { againstLive, evidence, type SeenProcess } from "./evidence.ts";
import type { HostProfile } from "./host.ts";
import { type Live, type Outside, readLive } from "./live.ts";
import { expectedMountsOf } from "./mount-check.ts";
import { hasOwnFiles, misplaced, unasked } from "./placed.ts";

export type Declared = {
  name: string;
  profile: SandboxProfile;
  host: HostProfile;
  opening: Opening;
  /** The loaded unit is the one that bs9 wrote, and none of its files is newer. */
  isInSync: boolean;
  /**
   * The directives, as `NAME=VALUE`, that the unit of this service does not have, because its user has opened the paths that
   * they close.
   */
  waived: string[];
  /** The settings in drop-ins that bs9 did not write, as `foreignSettings` in drop-ins.ts lists them. */
  foreign: string[];
};

/** `unknown` where /proc shows nothing of the process. */
export function verifyProcess(pid: number, declared: Declared, outside: Outside | null): SandboxVerdict {
  return judgeSandbox(readLive(pid), declared, outside);
}

/** Pure. */
export function judgeSandbox(live: Live | null, declared: Declared, outside: Outside | null): SandboxVerdict {
  const { profile } = declared;
  if (profile === "off")
    return { verdict: "off", verified: live?.status.get("NoNewPrivs") === "1" ? ["NoNewPrivileges"] : [], probed: [], missing: [] };
  if (live === null || outside === null) return { verdict: "unknown", verified: [], probed: [], missing: [] };
  const seen: SeenProcess = { live, outside, filters: declared.host.filters, writable: declared.opening.writable };
  const missing = [...standing(declared), ...paths(seen, declared)];
  const verified = new Set<string>();
  const probed = new Set<string>();
  for (const directive of profileDirectives(profile).filter((one) => !declared.waived.includes(label(one)))) {
    const lack = lackOf(directive, declared, seen);
    if (lack !== null) missing.push(lack);
    else (isClosed(directive) ? probed : verified).add(directive.name);
  }
  // A name is reported as verified only where all of its values are in effect and none was given up.
  const lacking = [...missing.map(({ directive }) => directive), ...declared.waived].map((one) => one.split("=")[0] ?? one);
  for (const name of lacking) for (const claimed of [verified, probed]) claimed.delete(name);
  const unheld: Missing[] = [];
  for (const directive of wishedDirectives(profile)) {
    const lack = lackOf(directive, declared, seen);
    if (lack === null) verified.add(directive.name);
    else unheld.push(lack);
  }
  return { verdict: missing.length === 0 ? "effective" : "partial", verified: [...verified], probed: [...probed], missing, unheld };
}

function lackOf(directive: Directive, { name, host }: Declared, seen: SeenProcess): Missing | null {
  const shown = label(directive);
  const withheld = host.withheld.find((one) => one.directive === shown);
  if (withheld !== undefined) return withheld;
  if (!host.directives.some((one) => label(one) === shown))
    return { directive: shown, why: "the unit does not contain this directive", mend: `bs9 restart ${name}` };
  const against = againstLive(directive, seen);
  if (against !== null) return { directive: shown, why: against, mend: `bs9 restart ${name}` };
  if (isClosed(directive) && !host.probed.includes(shown))
    return { directive: shown, why: "the probe on this host did not show that it is in effect", mend: `bs9 restart ${name}` };
  return null;
}

const isClosed = ({ name }: Directive): boolean => evidence[name]?.isClosed === true;

/**
 * Faults of the unit itself: others changed it, it is out of date, the project root is not opened as a whole, or an opened path
 * contains files of bs9.
 */
function standing({ name, isInSync, foreign, opening }: Declared): Missing[] {
  const missing: Missing[] = foreign.map((setting) => ({
    directive: "unit",
    why: `a drop-in that bs9 did not write changes the unit: ${setting}`,
    mend: `systemctl --user revert ${name}.service`,
  }));
  if (!isInSync)
    missing.push({ directive: "unit", why: "the unit differs from the one that bs9 would write now", mend: `bs9 restart ${name}` });
  missing.push(...lackOfNarrowed(opening.narrowed));
  for (const path of opening.exposed)
    missing.push({
      directive: path,
      why: "it contains bs9's own files, so the service can reach the files that it is started from",
      mend: "open a directory below it that contains no files of bs9",
    });
  return missing;
}

/** Paths of the file system that are open although nobody asked for it. */
function paths(seen: SeenProcess, { name, host, opening }: Declared): Missing[] {
  if (!host.directives.some((directive) => directive.name === "ProtectHome")) return [];
  const mend = `bs9 restart ${name}`;
  const { writable, readable, optional, cache, sockets } = opening;
  const { home } = seen.outside;
  const missing: Missing[] = expectedMountsOf(opening, home).flatMap((place) => {
    const why = misplaced(seen, place);
    return why === null ? [] : [{ directive: place.path, why, mend }];
  });
  if (sockets !== null && !hasOwnFiles(seen, sockets))
    missing.push({ directive: `TemporaryFileSystem=${sockets}`, why: "it is not a file system of the service's own", mend });
  for (const path of readable) {
    if (!writable.includes(path) && seen.live.mounts.at(path)?.readOnly === false)
      missing.push({ directive: `BindReadOnlyPaths=${path}`, why: "it is writable", mend });
  }
  const own = [...(cache === null ? [] : [cacheInHome(home)]), ...(sockets === null ? [] : [sockets])];
  const stranger = unasked(seen, [...writable, ...readable, ...optional, ...own]);
  if (stranger !== undefined) missing.push({ directive: "ProtectHome=tmpfs", why: `${stranger.point} is visible`, mend });
  return missing;
}
