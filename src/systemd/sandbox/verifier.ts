// Verifies the sandbox of a live process once, because it changes only if a closed path is created again.
import { join } from "node:path";
import * as v from "valibot";
import type { Reading } from "../../backend/backend.ts";
import type { Neighbours } from "../../backend/neighbours.ts";
import { openingOf } from "../../backend/opening.ts";
import { type Directive, label, waivedDirectives } from "../../backend/sandbox.ts";
import { Isolation, Missing, type SandboxVerdict } from "../../backend/verdict.ts";
import { readIfThere, writeWhole } from "../../base/files.ts";
import type { Paths } from "../../base/paths.ts";
import { bootId, startTimeOf } from "../../base/proc.ts";
import { injectionOf } from "../../injectors/injection.ts";
import { commandOf } from "../../runtime/command.ts";
import type { Spec } from "../../service/spec.ts";
import type { Connection } from "../bus/connection.ts";
import { readLoaded } from "../bus/loaded.ts";
import type { UserManager } from "../bus/reach.ts";
import type { Systemctl } from "../bus/systemctl.ts";
import { foreignSettings } from "../unit/drop-ins.ts";
import { unitName } from "../unit/names.ts";
import { isAsWritten } from "../unit/seal.ts";
import { socketsPath } from "../unit/starts.ts";
import { closedStamp } from "./closed.ts";
import { forService } from "./host.ts";
import type { HostProfiles } from "./host-profiles.ts";
import { isolationByLauncher, isolationOnHost, withLandlock } from "./isolated.ts";
import { closesFiles, launcherFor, launcherIn } from "./launcher/written.ts";
import { type Outside, readOutside } from "./live.ts";
import { verifyProcess } from "./verify.ts";

const Verdict = v.strictObject({
  verdict: v.picklist(["effective", "partial", "off", "unknown"]),
  verified: v.array(v.string()),
  probed: v.array(v.string()),
  missing: v.array(Missing),
  unheld: v.optional(v.array(Missing)),
  isolation: v.optional(Isolation),
});
/**
 * `closed`: the stamp of the closed paths at the time of the verification. `declared`: a hash of what the process was compared
 * with.
 */
const One = v.strictObject({
  boot: v.string(),
  pid: v.number(),
  startTime: v.string(),
  closed: v.optional(v.string()),
  declared: v.optional(v.string()),
  verdict: Verdict,
});
const Found = v.record(v.string(), One);

type Found = v.InferOutput<typeof Found>;

/** The number of new verdicts after which those of ended processes are removed; that reads one file of /proc for each. */
const mostAdded = 1000;

export type VerifierDeps = {
  hosts: HostProfiles;
  neighbours: Neighbours;
  connection: Pick<Connection, "read">;
  systemctl: Systemctl;
  reach: UserManager;
  paths: Paths;
};

export class Verifier {
  readonly #deps: VerifierDeps;
  #outside: Outside | null | undefined;
  /** Identifies the state of the closed paths when `#outside` was read. */
  #closed: string | null = null;
  #found: Found | null = null;
  #isChanged = false;
  #added = 0;

  constructor(deps: VerifierDeps) {
    this.#deps = deps;
  }

  async isolationHere(spec: Spec): Promise<Isolation> {
    return isolationOnHost(spec, await this.#deps.hosts.of(spec.sandbox.profile));
  }

  /** The verdict on exactly this process, from the cache if it was verified before. */
  async verify(spec: Spec, reading: Reading): Promise<SandboxVerdict> {
    const pid = reading.mainPid;
    const startTime = pid === null ? null : startTimeOf(pid);
    if (pid === null || startTime === null) return { verdict: "unknown", verified: [], probed: [], missing: [] };
    this.#found ??= readFound(this.#file);
    const found = this.#found[spec.name];
    const closed = closedStamp();
    // During a change the agent may compare the new process with the old spec: that verdict does not hold for the new spec.
    const declared = nameOf(spec);
    const isOfProcess = found?.pid === pid && found.startTime === startTime && found.boot === bootId();
    // Verdicts that an older bs9 wrote have neither the stamp of the closed paths nor the name of the service; they stay valid.
    const isSame = isOfProcess && (found.closed ?? closed) === closed && (found.declared ?? declared) === declared;
    const kept = isSame ? asVerdict(found.verdict) : null;
    if (kept?.isolation !== undefined) return kept;
    if (this.#closed !== closed) this.#outside = undefined;
    this.#closed = closed;
    const seen = await this.#look(spec, pid);
    // A cached verdict from an older bs9, which did not check the isolation, stays valid; only the isolation is added to it.
    const verdict = kept === null || seen.isolation === undefined ? (kept ?? seen) : { ...kept, isolation: seen.isolation };
    // The process of a service that is still being set up may be unreadable now and readable soon.
    if (verdict.verdict === "unknown") return verdict;
    this.#found[spec.name] = { boot: bootId(), pid, startTime, closed, declared, verdict };
    this.#isChanged = true;
    if (++this.#added > mostAdded) this.#forgetEnded(this.#found);
    return verdict;
  }

  forget(names: string[]): void {
    this.#found ??= readFound(this.#file);
    for (const name of names) delete this.#found[name];
    this.#isChanged = true;
  }

  /** Saves the verdicts for the next command; if the disk is full, the next command only has to verify again. */
  keep(): void {
    if (!this.#isChanged || this.#found === null) return;
    this.#forgetEnded(this.#found);
    try {
      writeWhole(this.#file, JSON.stringify(this.#found), 0o600);
    } catch {
      // The verdicts can be computed again.
    }
  }

  /** A long-lived agent is not told about deleted services, so it drops entries whose process has ended. */
  #forgetEnded(found: Found): void {
    this.#added = 0;
    const boot = bootId();
    for (const [name, one] of Object.entries(found)) {
      if (one.boot !== boot || one.startTime !== startTimeOf(one.pid)) delete found[name];
    }
  }

  async #look(spec: Spec, pid: number): Promise<SandboxVerdict> {
    const { paths, reach, neighbours, hosts, connection, systemctl } = this.#deps;
    const injection = injectionOf(spec, paths.share, join(reach.runtimeDir, socketsPath(spec.name)));
    const command = commandOf(spec, paths.share, injection?.flags);
    const opening = openingOf(spec, command, paths, neighbours.of(spec.name), injection);
    const host = forService(await hosts.of(spec.sandbox.profile), opening);
    this.#outside ??= readOutside(paths.home, reach.uid);
    const [loaded] = await readLoaded([unitName(spec.name)], connection, systemctl);
    const file = join(paths.units, unitName(spec.name));
    const unit = readIfThere(file) ?? "";
    const isInSync = loaded?.fragment === file && !loaded.mustReload && isAsWritten(unit) && declares(unit, host.directives);
    const launcher = launcherFor(spec, { host, opening, paths, runtimeDir: reach.runtimeDir });
    const named = launcherIn(unit, launcher);
    opening.optional.push(named ?? launcher.file);
    const declared = {
      name: spec.name,
      profile: spec.sandbox.profile,
      waived: waivedDirectives([...opening.writable, ...opening.readable]).map(label),
      host,
      opening,
      isInSync,
      foreign: foreignSettings(loaded?.dropIns ?? []),
    };
    const verdict = verifyProcess(pid, declared, this.#outside);
    if (verdict.verdict === "unknown") return verdict;
    const isNamed = isInSync && declared.foreign.length === 0 && named !== null;
    // The paths that a launcher opened are not visible on a process: the target of a link that was removed may still be open.
    const told = closesFiles(host) && isNamed && named === launcher.file ? withLandlock(verdict, host) : verdict;
    return { ...told, isolation: await isolationByLauncher(pid, spec, { host, isNamed }) };
  }

  get #file(): string {
    return join(this.#deps.paths.cache, "sandbox.json");
  }
}

/** A hash of all parts of a spec that affect its sandbox. */
function nameOf({ entry, args, root, cwd, runtime, build, path, sandbox, inject }: Spec): string {
  const parts = [entry, args, root, cwd, runtime, build, path, sandbox, ...(inject === undefined ? [] : [inject])];
  return Bun.hash(JSON.stringify(parts)).toString(16);
}

/**
 * The unit sets these directives in this order and no others of their names, because a later empty setting would reset the
 * list. The settings that open paths may follow; none of them is empty.
 */
function declares(text: string, directives: Directive[]): boolean {
  const names = new Set(directives.map(({ name }) => name));
  const lines = text.split("\n").filter((line) => names.has(line.slice(0, line.indexOf("="))));
  const expected = directives.map(label);
  return (
    lines.length >= expected.length &&
    lines.every((line, i) => line === (expected[i] ?? line) && (i < expected.length || /^(?:Bind\w+|TemporaryFileSystem)="/.test(line)))
  );
}

function readFound(file: string): Found {
  try {
    return v.parse(Found, JSON.parse(readIfThere(file) ?? "{}"));
  } catch {
    return {};
  }
}

function asVerdict({ unheld, isolation, ...verdict }: v.InferOutput<typeof Verdict>): SandboxVerdict {
  return { ...verdict, ...(unheld === undefined ? {} : { unheld }), ...(isolation === undefined ? {} : { isolation }) };
}
