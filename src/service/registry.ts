// The registry: the specs on disk, the changes under way, and the lock over both.
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { readIfThere, removeEmpty, writeWhole } from "../base/files.ts";
import { isRunning, ownProcess, ProcessIdentity } from "../base/process.ts";
import { Acting, actingOn, beginActing } from "./acting.ts";
import { lockHolder, lockOf } from "./lock.ts";
import { type Broken, listNames, readEach, readRecord } from "./records.ts";
import { Spec } from "./spec.ts";

/** A change that has begun and whose end is not on disk yet. */
const Pending = v.strictObject({
  spec: Spec,
  previous: v.nullable(Spec),
  /** Whether the service ran before, so that undoing the change can start it again. */
  ran: v.boolean(),
  /**
   * The main process of the service when the change began: if this process still runs, the change has not been applied to it.
   */
  process: v.optional(v.nullable(v.strictObject({ pid: v.number(), startTime: v.string() })), null),
  owner: ProcessIdentity,
});
export type Pending = v.InferOutput<typeof Pending>;

/** How the last start ended, where the backend does not show it. */
const Outcome = v.strictObject({ at: v.string(), cause: v.string() });
export type Outcome = v.InferOutput<typeof Outcome>;

/** The parts of a spec that decide what its service may write: parsing all parts of all specs would take longer than a start may. */
const Writer = v.object({ name: Spec.entries.name, root: Spec.entries.root, sandbox: Spec.entries.sandbox });
export type Writer = v.InferOutput<typeof Writer>;

const Kind = v.picklist(["systemd", "supervisor"]);
const stepsMs = 50;
export class Registry {
  readonly #config: string;
  readonly #state: string;

  constructor(folders: { config: string; state: string }) {
    this.#config = folders.config;
    this.#state = folders.state;
  }

  names(): string[] {
    return listNames(join(this.#config, "services"));
  }

  /**
   * A value that changes as soon as a spec is written or removed, because each file is written whole and renamed. Null while it
   * is uncertain: the timestamps of the kernel have steps, and two changes within one step would look like one.
   */
  stamp(): string | null {
    const stat = statSync(join(this.#config, "services"), { throwIfNoEntry: false, bigint: true });
    if (stat === undefined) return "";
    const ageMs = Date.now() - Number(stat.mtimeMs);
    return ageMs >= 0 && ageMs < stepsMs ? null : `${stat.ino}:${stat.mtimeNs}`;
  }

  /** A version for the file of each spec, as it is now. */
  versions(): Map<string, string> {
    return new Map(
      this.names().flatMap((name): [string, string][] => {
        const stat = statSync(this.#file("services", name), { throwIfNoEntry: false });
        return stat === undefined ? [] : [[name, `${stat.ino}:${stat.mtimeMs}`]];
      }),
    );
  }

  /** The spec of a service; null if the service is not defined. Throws if its file cannot be parsed. */
  get(name: string): Spec | null {
    return readRecord(Spec, this.#file("services", name));
  }

  /** All specs that can be read, and the names of the others: one broken file must not stop everything else. */
  readable(names = this.names()): { specs: Spec[]; broken: Broken[] } {
    const { records, broken } = readEach(names, (name) => this.get(name));
    return { specs: records, broken };
  }

  /** What each service may write; a spec whose other parts are damaged counts too. Specs that cannot be parsed are left out. */
  writers(): Writer[] {
    return readEach(this.names(), (name) => readRecord(Writer, this.#file("services", name))).records;
  }

  commit(spec: Spec): void {
    writeWhole(this.#file("services", spec.name), `${JSON.stringify(spec, null, 2)}\n`, 0o600);
    this.clearPending(spec.name);
  }

  remove(name: string): void {
    // If somebody has replaced one of these files by a directory, the directory is removed.
    for (const folder of ["services", "pending"]) rmSync(this.#file(folder, name), { force: true, recursive: true });
    this.setOutcome(name, null);
  }

  /** The configuration directory itself stays, because the trail is in it. */
  removeEmptyFolders(): void {
    for (const folder of ["services", "pending"]) removeEmpty(join(this.#config, folder));
    for (const folder of ["outcome", ""]) removeEmpty(join(this.#state, folder));
  }

  begin(change: Omit<Pending, "owner">): void {
    writeWhole(this.#file("pending", change.spec.name), JSON.stringify({ ...change, owner: ownProcess() }), 0o600);
  }

  /** True while a change of the service is under way: the running process may not match its spec. */
  isPending(name: string): boolean {
    return existsSync(this.#file("pending", name));
  }

  clearPending(name: string): void {
    rmSync(this.#file("pending", name), { recursive: true, force: true });
  }

  /** Changes that no living process works on any more, and change files that cannot be read. */
  abandoned(): { changes: Pending[]; broken: Broken[] } {
    const { changes, broken } = this.pending();
    return { changes: changes.filter(({ owner }) => !isRunning(owner)), broken };
  }

  /** All changes whose end is not on disk yet, those that a living process works on too. */
  pending(): { changes: Pending[]; broken: Broken[] } {
    const { records, broken } = readEach(listNames(join(this.#config, "pending")), (name) =>
      readRecord(Pending, this.#file("pending", name)),
    );
    return { changes: records, broken };
  }

  /** Tells other processes that this one acts on these services, until the caller disposes it. */
  beginActing(names: readonly string[]): Disposable {
    return beginActing(this.#state, names);
  }

  /** The services that a command acts on now. */
  actingOn(): ReadonlySet<string> {
    return actingOn(this.#state);
  }

  /** The same for a reader that asks again and again, and must not miss an act in between. */
  acting(): Acting {
    return new Acting(this.#state);
  }

  outcome(name: string): Outcome | null {
    return readRecord(Outcome, join(this.#state, "outcome", `${name}.json`));
  }

  /** The outcome of each service that has one; files that cannot be read are left out. */
  outcomes(): Map<string, Outcome> {
    const { records } = readEach(listNames(join(this.#state, "outcome")), (name): [string, Outcome] | null => {
      const outcome = this.outcome(name);
      return outcome === null ? null : [name, outcome];
    });
    return new Map(records);
  }

  setOutcome(name: string, outcome: Outcome | null): void {
    const file = join(this.#state, "outcome", `${name}.json`);
    if (outcome === null) rmSync(file, { force: true, recursive: true });
    else writeWhole(file, JSON.stringify(outcome), 0o600);
  }

  /** The backend of the services in this registry; null where it has no services. */
  recordedBackend(): v.InferOutput<typeof Kind> | null {
    if (this.names().length === 0) return null;
    const parsed = v.safeParse(Kind, (readIfThere(join(this.#config, "backend"), 64) ?? "systemd").trim());
    return parsed.success ? parsed.output : null;
  }

  /** Writes which backend the services use: together with the first service, and when the user asks for another backend. */
  recordBackend(kind: v.InferOutput<typeof Kind>): void {
    const file = join(this.#config, "backend");
    if (readIfThere(file, 64)?.trim() === kind || (kind === "systemd" && !existsSync(file))) return;
    writeWhole(file, `${kind}\n`, 0o600);
  }

  /** Takes the lock over the registry, which its owner disposes. Throws if another process holds it for `timeoutMs`. */
  lock(what: string, timeoutMs: number, onWait: (holder: string) => void): Promise<Disposable> {
    return lockOf(this.#config, { what, timeoutMs, onWait });
  }

  /** Describes who holds the lock now; null where it is free. */
  holder(): Promise<string | null> {
    return lockHolder(this.#config);
  }

  #file(folder: string, name: string): string {
    return join(this.#config, folder, `${name}.json`);
  }
}
