// bs9 history: shows the trail, which records who did what, and verifies that the trail was not changed.
import { exitStatus } from "../base/errors.ts";
import { table } from "../base/table.ts";
import type { Style } from "../base/terminal.ts";
import { harmless } from "../base/text.ts";
import { pickTargets } from "../service/targets.ts";
import type { TrailRecord } from "../trail/record.ts";
import type { TrailVerdict } from "../trail/verdict.ts";
import type { Command, Result } from "./command.ts";
import { flagOf } from "./options.ts";

export const historyCommand: Command = {
  name: "history",
  synopsis: "[TARGET…]",
  summary: "the trail: who did what, when, from where, with what result",
  options: [{ flags: "--verify", text: "check that the trail was not changed, also by comparing it with the journal" }],
  examples: ["bs9 history", "bs9 history web", "bs9 history web --json", "bs9 history --verify"],
  exits: [1, 4],
  async run(given, { registry, trail }): Promise<Result> {
    if (flagOf(given.options, "verify")) return verified(await trail.verify());
    const records = [...trail.records()];
    // A deleted service still has a history.
    const known = new Set([...registry.names(), ...records.flatMap(({ targets }) => targets)]);
    const targets = given.words.length === 0 ? null : pickTargets(given.words, [...known].sort());
    const shown = targets === null ? records : records.filter((record) => record.targets.some((name) => targets.includes(name)));
    return {
      value: shown,
      names: [...new Set(shown.flatMap((record) => record.targets))],
      text: (style) => (shown.length === 0 ? [] : lines(shown, targets, style)),
      hints: shown.length === 0 ? ["No acts are recorded. Start a service: bs9 start app.ts"] : [],
    };
  },
};

function lines(records: TrailRecord[], targets: string[] | null, style: Style): string[] {
  const columns = ["WHEN", "WHO", "FROM", "ACT", "TARGET", "RESULT"].map((title) => ({ title }));
  return table(
    columns,
    records.map((record) => [
      record.at.replace(/\.\d+Z$/, "Z"),
      whoOf(record),
      fromOf(record),
      harmless(record.act),
      targetCell(record.targets),
      resultCell(record, targets, style),
    ]),
  );
}

/** The user and, if different, the uid of the login: `root (login 1001)` is what user 1001 did as root, for example by sudo. */
function whoOf({ who }: TrailRecord): string {
  const name = harmless(who.user);
  return who.loginUid === null || who.loginUid === who.uid ? name : `${name} (login ${who.loginUid})`;
}

function fromOf({ who }: TrailRecord): string {
  const terminal = who.terminal?.replace("/dev/", "") ?? null;
  const place = [who.http?.address ?? who.sshFromEnvironment, terminal].filter((part) => part !== null).join(" ");
  return harmless([who.origin === "cli" ? "" : who.origin, place].filter(Boolean).join(" ")) || "-";
}

function targetCell(targets: string[]): string {
  const text = harmless(targets.slice(0, 3).join(" "));
  return targets.length > 3 ? `${text} … (${targets.length})` : text || "-";
}

/** The result of one recorded act; if the user asked for services by name, only the part about those services. */
function resultCell({ result }: TrailRecord, targets: string[] | null, style: Style): string {
  const failed = result.outcome === "failed" && (targets === null || result.failed.some((name) => targets.includes(name)));
  const message = result.message === null || (targets !== null && !failed && result.outcome === "failed") ? "" : harmless(result.message);
  const short = message.length > 80 ? `${message.slice(0, 79)}…` : message;
  return failed ? `${style.red("failed")} (${result.exitStatus}) ${short}`.trimEnd() : `${style.green("ok")} ${short}`.trimEnd();
}

function verified(verdict: TrailVerdict): Result {
  const count = (n: number, word: string) => `${n} ${word}${n === 1 ? "" : "s"}`;
  return {
    value: verdict,
    names: verdict.breaks.map(({ file, line }) => `${file}:${line}`),
    text: (style) => [
      ...verdict.breaks.map(
        ({ file, line, seq, what }) => `${style.red("broken")} ${file}:${line}${seq === null ? "" : ` (record ${seq})`}: ${what}`,
      ),
      `${verdict.intact ? style.green("intact") : style.red("not intact")}: ${count(verdict.records, "record")}, ${verdict.witnessed} of them confirmed by the journal`,
      ...verdict.unproved.map((sentence) => `${style.dim("not proved:")} ${sentence}`),
    ],
    exitStatus: verdict.intact ? exitStatus.done : exitStatus.failed,
  };
}
