// The configuration that is in force: that of alerts.json, or, while the file has mistakes, the last one without mistakes.
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { readIfThere, writeWhole } from "../../base/files.ts";
import { stampOf } from "../../base/stamp.ts";
import { shellWord } from "../../base/text.ts";
import { type RuleSet, rulesOfHost, rulesOfService } from "../rules/rules.ts";
import type { AlertConfig } from "./config.ts";
import { type AlertMistake, alertMistakeLine, alertsFile, loadAlerts, parseAlerts } from "./file.ts";
import { maskedAlerts } from "./masked.ts";

const maxBytes = 1024 * 1024;

export class AlertsInForce {
  readonly #folder: string;
  /**
   * A copy of the last file without mistakes, for an agent that begins while the file has mistakes. It holds the secrets of the
   * channels too, because without them nobody could be told; only the user can read it, and it is gone as soon as alerts.json is.
   */
  readonly #copy: string;
  readonly #ofService = new Map<string, RuleSet>();
  #ofHost: RuleSet | null = null;
  /** Undefined before the first reading. */
  #stamp: string | null | undefined;
  #config: AlertConfig | null = null;
  #mistakes: readonly AlertMistake[] = [];
  /** Other users can read the file. */
  #isReadable = false;

  constructor({ config, state }: { config: string; state: string }) {
    this.#folder = config;
    this.#copy = join(state, "alerts", "last-good.json");
  }

  /** After a change by a command: a secret that was removed must not stay in the copy until the agent runs again. */
  keepAgain(): void {
    if (existsSync(this.#copy)) this.refresh();
  }

  /** Reads the file again if it has changed. Returns true if another configuration is in force now. */
  refresh(): boolean {
    const path = alertsFile(this.#folder);
    const stamp = stampOf(path);
    if (stamp === this.#stamp) return false;
    this.#stamp = stamp;
    this.#isReadable = ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0;
    const read = loadAlerts(this.#folder);
    this.#mistakes = read.mistakes;
    if (read.config === null && this.#config !== null) return false;
    this.#config = read.config ?? this.#lastGood();
    this.#ofService.clear();
    this.#ofHost = null;
    if (read.config !== null) this.#keep(stamp === null ? null : JSON.stringify(read.file));
    return true;
  }

  get config(): AlertConfig {
    if (this.#config === null) this.refresh();
    return this.#config ?? this.#lastGood();
  }

  /** One sentence for each mistake in the file, and one if others can read its secrets. */
  notices(): string[] {
    const path = alertsFile(this.#folder);
    const isOpen = this.#isReadable && this.#config !== null && !Bun.deepEquals(this.#config, maskedAlerts(this.#config));
    return [
      ...this.#mistakes.map((mistake) => `${alertMistakeLine(path, mistake)}; the previous rules stay in force`),
      ...(isOpen ? [`other users can read ${path}, which holds secrets: chmod 600 ${shellWord(path)}`] : []),
    ];
  }

  rulesOf(service: string): RuleSet {
    const known = this.#ofService.get(service);
    if (known !== undefined) return known;
    const rules = rulesOfService(this.config, service);
    this.#ofService.set(service, rules);
    return rules;
  }

  rulesOfHost(): RuleSet {
    this.#ofHost ??= rulesOfHost(this.config);
    return this.#ofHost;
  }

  #keep(text: string | null): void {
    try {
      if (text === null) rmSync(this.#copy, { force: true });
      else if (readIfThere(this.#copy, maxBytes) !== text) writeWhole(this.#copy, text, 0o600, false);
    } catch {
      // The copy matters only if the file gets a mistake before the agent begins again.
    }
  }

  #lastGood(): AlertConfig {
    try {
      const { config } = parseAlerts(readIfThere(this.#copy, maxBytes) ?? "{}");
      if (config !== null) return config;
    } catch {
      // Without a copy the built-in rules are in force.
    }
    return builtIn;
  }
}

const builtIn: AlertConfig = {
  enabled: true,
  cooldownSeconds: 300,
  rules: {},
  services: {},
  custom: [],
  certificates: [],
  patterns: [],
  channels: { webhooks: [] },
};
