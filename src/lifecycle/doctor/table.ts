// Every finding of doctor about services and bs9's own files: its id, its severity, what is wrong, why that matters, and what
// fixes it. Findings about the host are in the backend's own table.
import { type Finding, row, type Severity } from "../../backend/finding.ts";
import { formatBytes } from "../../base/quantities.ts";
import { harmless, shellWord } from "../../base/text.ts";
import { runtimeVersion } from "../../runtime/pin.ts";
import type { Spec } from "../../service/spec.ts";

const othersCould = "other users of this machine could read secrets, or change what your services run";
const diskMatters = "services, their logs and bs9's own files need space; a file that cannot be written completely is lost";

/** Each row makes a finding from its subject. */
export const findings = {
  check: row<{ reason: string; hint: string | undefined }>(
    "check",
    "error",
    ({ reason }) => reason,
    "so this check could not be made",
    ({ hint }) => hint ?? "bs9 doctor --debug",
  ),
  sandbox: row<{ severity: Severity; names: string; why: string; mend: string }>(
    "sandbox",
    ({ severity }) => severity,
    ({ names }) => `this host does not give services ${names}`,
    ({ why }) => why,
    ({ mend }) => mend,
  ),
  rootGroup: row<{ user: string; uid: number; group: string; gives: string; isClosed: boolean }>(
    "root-group",
    ({ isClosed }) => (isClosed ? "note" : "warning"),
    ({ user, group }) => `${harmless(user)} is in the group ${group}, which is as good as root`,
    ({ gives, isClosed }) =>
      `a member ${gives}; ${isClosed ? "the sandbox denies this to services, but nothing denies it to services with --sandbox off and to other programs" : "services here can do the same"}`,
    ({ user, uid, group }) =>
      `sudo gpasswd --delete ${harmless(user)} ${group} && sudo systemctl restart user@${uid}.service (this restarts the services too)`,
  ),

  disk: row<{ path: string; bytesFree: number; isFull: boolean }>(
    "disk",
    ({ isFull }) => (isFull ? "error" : "warning"),
    ({ path, bytesFree, isFull }) => `the disk is ${isFull ? "full" : "almost full"}: ${formatBytes(bytesFree)} free at ${path}`,
    diskMatters,
    ({ path }) => `df -h ${path}`,
  ),
  inodes: row<{ path: string; filesFree: number; isFull: boolean }>(
    "disk",
    ({ isFull }) => (isFull ? "error" : "warning"),
    ({ path, filesFree, isFull }) => `the disk has ${isFull ? "no" : "few"} files left: ${filesFree} inodes free at ${path}`,
    diskMatters,
    ({ path }) => `df -i ${path}`,
  ),
  clock: row<void>(
    "clock",
    "warning",
    "the clock is not synchronised",
    "times of logs and of the trail may be wrong, and TLS may fail",
    "sudo timedatectl set-ntp true",
  ),

  logReplaced: row<{ what: string; root: string }>(
    "log-replaced",
    "error",
    ({ what }) => what,
    "another program has replaced the log file; bs9 neither reads nor trims it, and refuses the next start of the service",
    ({ root }) => `look what it is, then remove it: ls -lR ${shellWord(root)}`,
  ),
  logFiles: row<{ root: string }>(
    "log-files",
    "warning",
    ({ root }) => `log lines can be lost: the file system of ${root} cannot punch holes`,
    "a log file that grew too large is copied and then emptied, and lines that the service writes in between are lost",
    ({ root }) => `move ${root} to ext4, xfs, btrfs or tmpfs, or: bs9 start NAME --log journal`,
  ),

  owner: row<{ path: string; uid: number }>(
    "owner",
    "error",
    ({ path, uid }) => `${path} belongs to uid ${uid}`,
    othersCould,
    ({ path }) => `sudo chown "$(id -un)" ${path}`,
  ),
  mode: row<{ path: string; severity: Severity; mode: string; right: string }>(
    "modes",
    ({ severity }) => severity,
    ({ path, mode }) => `${path} is open to others (mode ${mode})`,
    othersCould,
    ({ path, right }) => `chmod ${right} ${path}`,
  ),
  moreModes: row<{ count: number }>(
    "modes",
    "error",
    ({ count }) => `${count} more of bs9's files are open to others`,
    othersCould,
    "bs9 doctor --fix, again",
  ),

  lock: row<{ holder: string; pid: string | undefined }>(
    "lock",
    "warning",
    ({ holder }) => `the registry is locked by: ${harmless(holder)}`,
    "commands that change something wait for it",
    ({ pid }) => `wait for it to end${pid === undefined ? "" : `, or end it: kill ${pid}`}`,
  ),
  pending: row<{ name: string }>(
    "pending",
    "warning",
    ({ name }) => `a command that was killed left ${name} half changed`,
    "the next command finishes the change, or undoes it",
    "bs9 doctor --fix",
  ),
  unreadablePending: row<{ reason: string; hint: string | undefined }>(
    "pending",
    "error",
    ({ reason }) => reason,
    "bs9 can neither finish nor undo the change that this file records",
    ({ hint }) => hint ?? "move the file away",
  ),
  config: row<{ where: string; field: string | null; what: string }>(
    "config",
    "error",
    ({ where, field, what }) => `${where}: ${field === null ? "" : `${field}: `}${what}`,
    "bs9 start fails until this is corrected, because it does not guess defaults",
    "bs9 config --check, and correct that line",
  ),
  trail: row<{ first: { file: string; line: number; what: string }; count: number }>(
    "trail",
    "error",
    ({ first, count }) =>
      `the trail was changed after it was written: ${first.file}:${first.line}: ${first.what}${count > 1 ? ` (and ${count - 1} more)` : ""}`,
    "somebody changed the record of who did what",
    "bs9 history --verify, and find out who did; then move trail*.jsonl away to begin a new trail",
  ),
  trailRemoved: row<{ count: number }>(
    "trail-removed",
    "warning",
    ({ count }) => `${count === 1 ? "an earlier trail was" : `${count} earlier trails were`} removed, as the journal shows`,
    "bs9 was uninstalled, or somebody removed the record of who did what",
    "bs9 doctor --fix records in the trail that you know of it",
  ),
  unused: row<{ path: string; bytes: number }>(
    "unused",
    "note",
    ({ path }) => `no service uses ${harmless(path)}`,
    ({ bytes }) => `it takes ${formatBytes(bytes)} of disk space`,
    ({ path }) => `rm -r ${shellWord(path)}`,
  ),
  runtimeMissing: row<{ name: string; version: string }>(
    "runtime-missing",
    "error",
    ({ name, version }) => `the runtime of ${name}, bs9 ${version}, is missing`,
    "the service cannot be started again",
    ({ name }) => `bs9 restart ${name} --runtime latest`,
  ),
  runtimeOlder: row<{ names: string[] }>(
    "runtime-older",
    "note",
    ({ names }) => `${names.join(" ")} ${names.length === 1 ? "runs" : "run"} on another version of bs9 than this one (${runtimeVersion})`,
    "an upgrade of bs9 does not change the runtime of services",
    ({ names }) => `bs9 restart ${names.join(" ")} --runtime latest`,
  ),

  spec: row<{ name: string; file: string }>(
    "spec",
    "error",
    ({ name, file }) => `cannot read the spec of ${name}: ${file}`,
    "bs9 cannot start or change it",
    ({ file }) => `mv ${file} ${file}.broken`,
  ),
  unitDropIns: row<{ name: string; what: string }>(
    "unit-drop-ins",
    "note",
    ({ what }) => what,
    "bs9 does not change these drop-ins; they may loosen the sandbox or the limits",
    ({ name }) => `systemctl --user cat ${name}.service`,
  ),
  unitOlder: row<{ name: string; what: string }>(
    "unit-older",
    "note",
    ({ what }) => what,
    "the sandbox of this version of bs9 is newer than the one that the service runs in",
    ({ name }) => `bs9 restart ${name}`,
  ),
  unitOrphaned: row<{ name: string; what: string; file: string | undefined }>(
    "unit-orphaned",
    "warning",
    ({ what }) => what,
    "bs9 has no spec for it: the spec was removed by hand, or the unit was copied",
    ({ name, file }) => `systemctl --user disable --now ${name}.service && rm ${file} && systemctl --user daemon-reload`,
  ),
  unitMissing: row<{ what: string }>("unit-missing", "error", ({ what }) => what, "the service will not start again", "bs9 doctor --fix"),
  unitEdited: row<{ what: string }>(
    "unit-edited",
    "error",
    ({ what }) => what,
    "the service is not what its spec says, and the next change would undo the edit",
    "bs9 doctor --fix asks whether to restore bs9's unit and keep a copy of yours (as with --yes), or to make the edit a drop-in",
  ),
  unitStale: row<{ name: string }>(
    "unit-stale",
    "note",
    ({ name }) => `the unit of ${name} is out of date`,
    "another version of bs9 wrote it, or a directory, link or package that it opens has changed",
    ({ name }) => `bs9 restart ${name}`,
  ),
  entry: row<{ name: string; reason: string }>(
    "entry",
    "error",
    ({ name, reason }) => `${name} cannot be started again: ${reason}`,
    "a file or directory that it needs is missing",
    ({ name }) => `restore it, or: bs9 delete ${name}`,
  ),
  fleeting: row<{ spec: Spec; folder: string }>(
    "fleeting",
    "warning",
    ({ spec, folder }) => `${spec.name} runs from ${spec.root}, and files in ${folder} are temporary`,
    "its files are deleted, at the latest at the next boot",
    ({ spec }) => `move it: bs9 start /srv/… --name ${spec.name}`,
  ),

  agentOfOther: row<{ other: string }>(
    "agent",
    "warning",
    ({ other }) => `bs9-agent.service belongs to ${harmless(other)}`,
    "a user has only one agent, so samples and history of the services here are not stored and their health is not checked",
    "keep services of one user in one bs9 home",
  ),
  agentDown: row<{ trouble: string | null }>(
    "agent",
    "warning",
    ({ trouble }) => `the agent does not answer${trouble === null ? "" : `: ${harmless(trouble)}`}`,
    "samples and history are not stored, health is not checked, and log files are not trimmed until the next bs9 command",
    "systemctl --user enable --now bs9-agent; systemctl --user status bs9-agent",
  ),
  agentOlder: row<{ its: string; ours: string }>(
    "agent",
    "note",
    ({ its, ours }) => `the agent is another version of bs9 (${harmless(its)}; this one is ${ours})`,
    "it may misunderstand the questions of this version",
    "systemctl --user restart bs9-agent",
  ),
} satisfies Record<string, (about: never) => Finding>;
