// Judges whether the launcher has isolated a live process, from what /proc shows of it and from attempts on this host.
import { type IsolationEvidence, isolationOff, judgeIsolation, withSockets } from "../../backend/isolation.ts";
import { busFolder } from "../../backend/root-sockets.ts";
import { label } from "../../backend/sandbox.ts";
import type { Isolation, Missing, SandboxVerdict } from "../../backend/verdict.ts";
import { readProc, statusField } from "../../base/proc.ts";
import type { Spec } from "../../service/spec.ts";
import type { HostProfile } from "./host-cache.ts";
import { kernelNow } from "./landlock-version.ts";
import { ownFilters } from "./launcher/launcher.ts";

/** `isNamed`: the unit that systemd has loaded runs the launcher that bs9 would write now. */
export function isolationByLauncher(pid: number, spec: Spec, { host, isNamed }: { host: HostProfile; isNamed: boolean }): Isolation {
  if (spec.sandbox.profile === "off") return isolationOff(spec.name);
  const status = readProc(`${pid}/status`) ?? "";
  // Kernels before 5.9 do not report the number of filters: the comparisons with NaN are then false.
  const more = Number(statusField(status, "Seccomp_filters") ?? Number.NaN) - host.filters;
  const live = { limits: more >= ownFilters.limits, scopes: more >= ownFilters.scopes };
  return judged(spec, host, { unlaunched: whyUnlaunched(spec, host, isNamed), live });
}

/** The isolation that a process started now would have. */
export function isolationOnHost(spec: Spec, host: HostProfile): Isolation {
  return judged(spec, host, { unlaunched: whyUnlaunched(spec, host, true), live: { limits: true, scopes: true } });
}

const closesBus = `InaccessiblePaths=-${busFolder}`;

/**
 * A service that can connect to the sockets of the user manager can stop every service, so these sockets are listed if no mount
 * hides them.
 */
function judged({ name }: Spec, host: HostProfile, shown: Pick<IsolationEvidence, "unlaunched" | "live">): Isolation {
  const isolation = judgeIsolation({ name, ...shown, reached: host.isolation?.reached ?? null, kernel: kernelNow() });
  const withheld = (start: string) => host.withheld.find(({ directive }) => directive.startsWith(start));
  const home = withheld("ProtectHome=");
  const bus = withheld(closesBus);
  // The directive is left out of the profile of a service whose user opens the directory of the socket.
  const isBusOpened = bus === undefined && !host.directives.some((one) => label(one) === closesBus);
  return withSockets(isolation, [
    ...(home === undefined ? [] : [{ socket: "user manager" as const, mend: home.mend }]),
    ...(bus === undefined ? [] : [{ socket: "system bus" as const, mend: bus.mend }]),
    ...(isBusOpened ? [{ socket: "system bus" as const, mend: `start ${name} without --readable or --writable for ${busFolder}` }] : []),
  ]);
}

/** Adds a sentence on what Landlock enforces in place of mounts; the directives that are missing stay missing. */
export function withLandlock(verdict: SandboxVerdict, { isolation }: HostProfile): SandboxVerdict {
  if (isolation?.isFileClosed !== true) return verdict;
  const isOfFiles = ({ directive }: Missing) => /^(?:ProtectHome=|ProtectSystem=|TemporaryFileSystem=.*:ro$)/.test(directive);
  const missing = verdict.missing.map((one) =>
    isOfFiles(one) ? { ...one, why: `${one.why}; Landlock denies access to its files instead` } : one,
  );
  return { ...verdict, missing, probed: [...verdict.probed, "Landlock"] };
}

function whyUnlaunched({ name }: Spec, { isolation }: HostProfile, isNamed: boolean): { why: string; mend: string } | null {
  if (isolation === undefined || isolation.why !== null)
    return { why: isolation?.why ?? "the launcher was not tested on this host", mend: `bs9 restart ${name}` };
  return isNamed
    ? null
    : { why: "the unit differs from the one that bs9 would write now, or a drop-in changes the unit", mend: `bs9 restart ${name}` };
}
