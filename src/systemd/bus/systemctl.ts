// Acts on the user manager: `systemctl --user`, always by Bun.spawn, always with a limit on its time.
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { failed, noBackend } from "../../base/errors.ts";
import { type ExecResult, exec } from "../../base/exec.ts";
import { harmless } from "../../base/text.ts";
import type { Connection } from "./connection.ts";
import { lingers } from "./linger.ts";
import type { UserManager } from "./reach.ts";

/** Longest that one act may take: a start that waits for its delay, a stop that runs into its timeout. */
const actTimeoutMs = 120_000;
const askVersion = ["show", "--property=Version"];
const answerMs = 1500;
const askAgainMs = 5000;

export class Systemctl {
  readonly #reach: UserManager;
  readonly #connection: Pick<Connection, "answers"> | null;

  /** Without `connection` nobody asks whether the user manager answers: only the limit of each call holds. */
  constructor(reach: UserManager, connection: Pick<Connection, "answers"> | null = null) {
    this.#reach = reach;
    this.#connection = connection;
  }

  async reload(): Promise<void> {
    await this.#act(["daemon-reload"]);
  }

  /** Units that are gone or were never started are not an error here. */
  async resetFailed(units: string[]): Promise<void> {
    if (units.length > 0) await this.run(["reset-failed", ...units], 10_000);
  }

  /** Does not throw when a job fails: which units came up is told by reading them. Returns systemctl's own words. */
  async jobs(verb: "start" | "stop" | "restart", units: string[], timeoutMs = actTimeoutMs): Promise<string> {
    // After a stop systemctl asks each unit what could start it again, only to warn: three messages more for each of them.
    const result = await this.run([...(verb === "stop" ? ["--quiet"] : []), verb, ...units], timeoutMs);
    if (result.timedOut)
      throw failed(`cannot ${verb} ${units.join(", ")}: systemd has not done it in ${timeoutMs / 1000} s`, {
        hint: "systemctl --user list-jobs",
      });
    if (isUnreachable(result.stderr)) throw unreachable(result.stderr, this.#reach);
    return result.exitCode === 0 ? "" : harmless(result.stderr.trim().split("\n")[0] ?? "");
  }

  /** Stops a unit, and kills it where it has not ended by itself in time; it is not `failed` afterwards. */
  async stopWithin(unit: string, timeoutMs: number): Promise<void> {
    const { timedOut } = await this.run(["stop", unit], timeoutMs);
    if (!timedOut) return;
    await this.run(["kill", "--signal=SIGKILL", unit], 10_000);
    await this.jobs("stop", [unit]);
    await this.resetFailed([unit]);
  }

  /** Asked for, and not waited for. */
  async queue(verb: "start" | "restart", units: string[]): Promise<void> {
    await this.#act([verb, "--no-block", ...units]);
  }

  /** Properties of units, by unit; the way without a bus, dear for many. */
  async show(units: string[], properties: string[]): Promise<Map<string, Map<string, string>>> {
    const result = await this.run(["show", "--property", ["Id", ...properties].join(","), "--", ...units], 20_000);
    if (result.exitCode !== 0) throw unreachable(result.stderr, this.#reach);
    const shown = new Map<string, Map<string, string>>();
    for (const block of result.stdout.split("\n\n")) {
      const fields = new Map(
        block.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const),
      );
      const id = fields.get("Id");
      if (id !== undefined) shown.set(id, fields);
    }
    return shown;
  }

  /** Every loaded unit of a kind, 15 ms for a thousand. */
  async list(pattern: string): Promise<ListedUnit[]> {
    const result = await this.run(["list-units", "--all", "--output=json", "--", pattern], 20_000);
    if (result.exitCode !== 0) throw unreachable(result.stderr, this.#reach);
    return v.parse(v.array(ListedUnit), JSON.parse(result.stdout || "[]"));
  }

  /** Whether the user manager answers, within about 2 s. */
  async answers(): Promise<boolean> {
    return (await this.#connection?.answers(async () => (await this.#exec(askVersion, answerMs)).exitCode === 0)) ?? true;
  }

  /** Throws `no-backend` where the user manager does not answer. */
  async mustAnswer(): Promise<void> {
    if (!(await this.answers())) throw unreachable(null, this.#reach);
  }

  /**
   * Throws `no-backend` where the user manager does not answer: it is asked first, because what is sent to a manager that
   * hangs is done as soon as it goes on, long after the command has failed; and asked again while systemctl runs.
   */
  async run(words: string[], timeoutMs: number): Promise<ExecResult> {
    await this.mustAnswer();
    const silence = new AbortController();
    const watching = setInterval(async () => {
      if (!(await this.answers())) silence.abort();
    }, askAgainMs);
    try {
      const result = await this.#exec(words, timeoutMs, silence.signal);
      if (silence.signal.aborted)
        throw unreachable(`it stopped answering while it was asked to ${words[0]}, and may do that yet`, this.#reach);
      return result;
    } finally {
      clearInterval(watching);
    }
  }

  #exec(words: string[], timeoutMs: number, signal?: AbortSignal): Promise<ExecResult> {
    return exec(["systemctl", "--user", "--no-pager", "--no-ask-password", ...words], {
      timeoutMs,
      env: { ...this.#reach.env, SYSTEMD_COLORS: "0", LC_ALL: "C.UTF-8" },
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async #act(words: string[]): Promise<void> {
    const result = await this.run(words, 60_000);
    if (result.exitCode === 0) return;
    if (isUnreachable(result.stderr)) throw unreachable(result.stderr, this.#reach);
    throw failed(`systemctl --user ${words[0]} failed: ${harmless(result.stderr.trim().split("\n")[0] ?? "")}`, {
      hint: "systemctl --user status",
    });
  }
}

const ListedUnit = v.object({ unit: v.string(), load: v.string(), active: v.string(), sub: v.string(), description: v.string() });
export type ListedUnit = v.InferOutput<typeof ListedUnit>;

function isUnreachable(stderr: string): boolean {
  return /Failed to connect to bus|Transport endpoint|No such file or directory.*bus/i.test(stderr);
}

/** `words` are systemctl's own; null where it was not run, because the user manager did not answer. */
function unreachable(words: string | null, { uid, user, runtimeDir }: UserManager): Error {
  const doesRun = existsSync(join(runtimeDir, "systemd/private"));
  const hint = doesRun || lingers(user) ? restartOf(uid) : `sudo loginctl enable-linger ${user}`;
  const said = words === null ? "" : `: ${harmless(words.trim().split("\n")[0] ?? "")}`;
  const what = words !== null ? "cannot be reached" : doesRun ? "does not answer" : "does not run";
  return noBackend(`the systemd user manager of ${user} ${what}${said}`, { hint });
}

const restartOf = (uid: number): string => (uid === 0 ? "systemctl restart user@0.service" : `sudo systemctl restart user@${uid}.service`);
