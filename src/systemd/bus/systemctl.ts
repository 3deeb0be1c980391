// Acts on the user manager: `systemctl --user`, always through Bun.spawn, always with a timeout.
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { failed, noBackend } from "../../base/errors.ts";
import { type ExecResult, exec } from "../../base/exec.ts";
import { harmless } from "../../base/text.ts";
import type { Connection } from "./connection.ts";
import { lingers } from "./linger.ts";
import type { UserManager } from "./reach.ts";

/** The longest time that one act may take: a start that waits for its delay, or a stop that runs into its timeout. */
const actTimeoutMs = 120_000;
const wordsOf = {
  start: ["start"],
  "start-alone": ["start", "--job-mode=ignore-dependencies"],
  // After a stop systemctl asks each unit for its triggers, only to print a warning: that would be three more messages per unit.
  stop: ["stop", "--quiet"],
  restart: ["restart"],
} satisfies Record<string, [verb: string, ...options: string[]]>;
type Job = keyof typeof wordsOf;

const askVersion = ["show", "--property=Version"];
const answerMs = 1500;
const askAgainMs = 5000;

export class Systemctl {
  readonly #reach: UserManager;
  readonly #connection: Pick<Connection, "answers"> | null;

  /** Without `connection` nothing checks whether the user manager answers: only the timeout of each call applies. */
  constructor(reach: UserManager, connection: Pick<Connection, "answers"> | null = null) {
    this.#reach = reach;
    this.#connection = connection;
  }

  async reload(): Promise<void> {
    await this.#act(["daemon-reload"]);
  }

  /** Units that do not exist or were never started are not an error here. */
  async resetFailed(units: string[]): Promise<void> {
    if (units.length > 0) await this.run(["reset-failed", ...units], 10_000);
  }

  /**
   * Does not throw when a job fails, because reading the units afterwards shows which came up. Returns the message of
   * systemctl. `start-alone` starts the units without their dependencies.
   */
  async jobs(job: Job, units: string[], timeoutMs = actTimeoutMs): Promise<string> {
    const [verb, ...options] = wordsOf[job];
    const result = await this.run([...options, verb, ...units], timeoutMs);
    if (result.timedOut)
      throw failed(`cannot ${verb} ${units.join(", ")}: systemd did not finish within ${timeoutMs / 1000} s`, {
        hint: "systemctl --user list-jobs",
      });
    if (isUnreachable(result.stderr)) throw unreachable(result.stderr, this.#reach);
    return result.exitCode === 0 ? "" : harmless(result.stderr.trim().split("\n")[0] ?? "");
  }

  /** Stops a unit, and kills it if it has not ended in time; the unit is not `failed` afterwards. */
  async stopWithin(unit: string, timeoutMs: number): Promise<void> {
    const { timedOut } = await this.run(["stop", unit], timeoutMs);
    if (!timedOut) return;
    await this.run(["kill", "--signal=SIGKILL", unit], 10_000);
    await this.jobs("stop", [unit]);
    await this.resetFailed([unit]);
  }

  /** Queues a job of systemd and does not wait for its end. */
  async queue(verb: "start" | "restart", units: string[]): Promise<void> {
    await this.#act([verb, "--no-block", ...units]);
  }

  /** Properties of units, by unit; the way without a bus, which is expensive for many units. */
  async show(units: string[], properties: string[]): Promise<Map<string, Map<string, string>>> {
    const result = await this.run(["show", "--property", ["Id", ...properties].join(","), "--", ...units], 20_000);
    if (result.exitCode !== 0) throw unreachable(result.stderr, this.#reach);
    const shown = new Map<string, Map<string, string>>();
    const blocks = result.stdout.split("\n\n");
    for (const [i, block] of blocks.entries()) {
      const fields = new Map(
        block.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const),
      );
      // An alias is shown with the name of its unit.
      const id = blocks.length === units.length ? units[i] : fields.get("Id");
      if (id !== undefined) shown.set(id, fields);
    }
    return shown;
  }

  /** All loaded units that match the pattern; takes 15 ms for a thousand units. */
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
   * Throws `no-backend` where the user manager does not answer. The manager is asked first, because a request to a manager that
   * hangs is carried out as soon as it continues, long after the command has failed. It is asked again while systemctl runs.
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
        throw unreachable(`it stopped answering during systemctl ${words[0]}, and may still carry it out`, this.#reach);
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

/** `words` is the message of systemctl; null where systemctl was not run because the user manager did not answer. */
function unreachable(words: string | null, { uid, user, runtimeDir }: UserManager): Error {
  const doesRun = existsSync(join(runtimeDir, "systemd/private"));
  const hint = doesRun || lingers(user) ? restartOf(uid) : `sudo loginctl enable-linger ${user}`;
  const said = words === null ? "" : `: ${harmless(words.trim().split("\n")[0] ?? "")}`;
  const what = words !== null ? "cannot be reached" : doesRun ? "does not answer" : "does not run";
  return noBackend(`the systemd user manager of ${user} ${what}${said}`, { hint });
}

const restartOf = (uid: number): string => (uid === 0 ? "systemctl restart user@0.service" : `sudo systemctl restart user@${uid}.service`);
