// Runs the dashboard: takes events, lets `update` decide, does what it wants done, and draws.
import { reasonOf } from "../base/errors.ts";
import { type OpenedKeys, openKeys } from "../base/keys.ts";
import { terminalSize } from "../base/outlet.ts";
import type { Terminal } from "../base/terminal.ts";
import type { Deps } from "../lifecycle/deps.ts";
import { Reasons } from "../lifecycle/reason/reasons.ts";
import { environmentOf } from "../service/spec.ts";
import { act, wordsFor } from "./acting.ts";
import type { MonitEffect, MonitEvent } from "./events.ts";
import { escapeMs, InputParser } from "./input/parser.ts";
import type { Act, MonitModel } from "./model.ts";
import { Moments } from "./moments.ts";
import { LogOutside } from "./outside.ts";
import { Painting } from "./painting.ts";
import type { Screen } from "./screen/screen.ts";
import { followLog, PastReader, storedPoints } from "./sources.ts";
import { goTo } from "./update/time.ts";
import { update } from "./update/update.ts";
import { view } from "./view/view.ts";

export type DashboardDeps = {
  deps: Deps;
  terminal: Terminal;
  screen: Screen;
  /** The moment with which the screen begins; null begins with now. */
  atMs: number | null;
};

/** A selection that changes again within this time reads nothing. */
const settleMs = 120;

export class Dashboard {
  readonly #to: DashboardDeps;
  readonly #moments: Moments;
  readonly #past: PastReader;
  readonly #reasons: Reasons;
  readonly #painting: Painting;
  readonly #parser = new InputParser();
  readonly #outside: LogOutside;
  readonly #ended = Promise.withResolvers<void>();
  readonly #closing = new AbortController();
  readonly #signal: AbortSignal;
  readonly #acts = new Map<Promise<void>, string>();
  #model: MonitModel;
  #keys: OpenedKeys | null = null;
  #escape: NodeJS.Timeout | null = null;
  #reading = new AbortController();
  #heardMs = 0;
  #isSuspended = false;

  constructor(model: MonitModel, to: DashboardDeps) {
    this.#model = model;
    this.#to = to;
    const { deps, screen, terminal } = to;
    this.#signal = AbortSignal.any([deps.signal, this.#closing.signal]);
    this.#moments = new Moments(deps.storage);
    this.#past = new PastReader(deps);
    this.#reasons = new Reasons(deps, () => this.#take({ kind: "reasons", reasons: this.#reasons.found }));
    this.#painting = new Painting(() => screen.draw(view(this.#model)), terminal);
    this.#outside = new LogOutside(deps, terminal);
  }

  /** Runs until the user quits or the AbortSignal is aborted. Throws what ends it otherwise, after the terminal is restored. */
  async run(): Promise<void> {
    const { screen, deps, atMs, terminal } = this.#to;
    const resized = () => this.#guard(() => this.#resize());
    const resumed = () => this.#guard(() => this.#resume());
    const clock = setInterval(() => this.#tick(), this.#model.refreshMs);
    process.on("SIGWINCH", resized);
    process.on("SIGCONT", resumed);
    this.#signal.addEventListener("abort", () => this.#ended.resolve(), { once: true });
    try {
      screen.enter({ hasMouse: this.#model.hasMouse });
      this.#keys = openKeys((typed) => this.#guard(() => this.#typed(typed)), { isRaw: true });
      this.#painting.request(true);
      void this.#follow();
      if (atMs !== null) this.#step(goTo(this.#model, atMs));
      await this.#ended.promise;
    } finally {
      clearInterval(clock);
      if (this.#escape !== null) clearTimeout(this.#escape);
      process.off("SIGWINCH", resized);
      process.off("SIGCONT", resumed);
      this.#painting.close();
      this.#closing.abort();
      this.#outside.close();
      screen.close();
      this.#keys?.close();
    }
    if (this.#acts.size > 0 && !deps.signal.aborted) {
      terminal.note(`waiting for: ${[...this.#acts.values()].join(", ")}`);
      await Promise.all(this.#acts.keys());
    }
  }

  async #follow(): Promise<void> {
    try {
      for await (const event of this.#to.deps.model.follow({ signal: this.#signal, paceMs: this.#model.refreshMs })) {
        this.#heardMs = performance.now();
        this.#take({ kind: "tick", nowMs: Date.now() });
        this.#take({ kind: "services", event });
        this.#reasons.hear(event, { services: this.#model.snapshot?.services ?? [] });
      }
    } catch (error) {
      this.#ended.reject(error);
    }
  }

  /** Shows the time where no event does. */
  #tick(): void {
    if (performance.now() - this.#heardMs > 1.5 * this.#model.refreshMs) this.#take({ kind: "tick", nowMs: Date.now() });
  }

  #typed(typed: string): void {
    if (this.#escape !== null) clearTimeout(this.#escape);
    this.#escape = null;
    const inputs = this.#parser.feed(typed);
    if (this.#parser.isWaiting) this.#escape = setTimeout(() => this.#guard(() => this.#inputs(this.#parser.flush())), escapeMs);
    this.#inputs(inputs);
  }

  #inputs(inputs: ReturnType<InputParser["feed"]>): void {
    for (const input of inputs) {
      if (!this.#outside.isOpen) this.#take({ kind: "input", input, atMs: Date.now() });
      else if (this.#outside.isEnd(input)) this.#comeBack();
    }
  }

  #take(event: MonitEvent): void {
    this.#guard(() => {
      this.#step(update(this.#model, event));
      this.#painting.request(event.kind === "input" || event.kind === "size");
    });
  }

  #step({ model, effects }: ReturnType<typeof update>): void {
    this.#model = model;
    for (const effect of effects) this.#do(effect);
  }

  /** An error in a callback ends the dashboard as an error of `run` does, so that the terminal is restored before it is shown. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#ended.reject(error);
    }
  }

  #do(effect: MonitEffect): void {
    const { screen } = this.#to;
    switch (effect.do) {
      case "quit":
        this.#ended.resolve();
        break;
      case "suspend":
        void this.#suspend();
        break;
      case "repaint":
        screen.forget();
        break;
      case "mouse":
        screen.setMouse(effect.isOn);
        break;
      case "copy":
        screen.copy(effect.text);
        break;
      case "out":
        screen.leave();
        this.#outside.open(effect.name, () => this.#comeBack());
        break;
      case "act":
        this.#act(effect.act, effect.names);
        break;
      case "environment":
        this.#environment(effect.name);
        break;
      case "follow":
        this.#readOf(effect);
        break;
      case "history":
        void this.#history(effect);
        break;
      case "travel":
        void this.#travel(effect);
        break;
    }
  }

  #act(verb: Act, names: string[]): void {
    const { deps } = this.#to;
    const lead = `${verb} ${wordsFor(names)}`;
    const busy = (text: string) => {
      this.#acts.set(done, text);
      this.#take({ kind: "busy", acts: [...this.#acts.values()] });
    };
    const warn = (text: string) => this.#take({ kind: "said", text, isError: true });
    const work = act(verb, names, { ...deps, warn, progress: (text) => busy(`${lead}: ${text}`) });
    const done: Promise<void> = work.then(({ text, isError }) => {
      this.#acts.delete(done);
      this.#take({ kind: "busy", acts: [...this.#acts.values()] });
      this.#take({ kind: "said", text, isError });
    });
    busy(lead);
  }

  #environment(name: string): void {
    const spec = this.#to.deps.registry.get(name);
    const names = spec === null ? [] : Object.keys(environmentOf(spec)).sort();
    this.#take({
      kind: "words",
      title: `environment of ${name}`,
      lines: [...names, "", "The values may be secret, so they are not shown."],
    });
  }

  /** Reads the log and the past of the selected service, once the selection stays for a moment. */
  #readOf({ name, untilMs }: Extract<MonitEffect, { do: "follow" }>): void {
    this.#reading.abort();
    this.#reading = new AbortController();
    if (name === null) return;
    const signal = AbortSignal.any([this.#signal, this.#reading.signal]);
    const { deps } = this.#to;
    setTimeout(() => {
      if (signal.aborted) return;
      void followLog(name, untilMs, deps, signal, (lines, isRead, trouble) => this.#take({ kind: "log", name, lines, isRead, trouble }));
      void this.#past.read(name, untilMs, signal).then((list) => {
        if (!signal.aborted) this.#take({ kind: "past", name, list });
      });
    }, settleMs);
  }

  async #history({ name, toMs, rangeMs }: Extract<MonitEffect, { do: "history" }>): Promise<void> {
    // A selection that has moved on meanwhile needs no history.
    await Bun.sleep(settleMs);
    if (this.#signal.aborted || this.#model.selected !== name) return;
    try {
      const points = await storedPoints(name, { toMs, rangeMs, intervalMs: this.#model.intervalMs }, this.#to.deps);
      this.#take({ kind: "history", name, points, readMs: Date.now() });
    } catch (error) {
      this.#take({ kind: "history", name, points: [], readMs: Date.now() });
      this.#take({ kind: "said", text: `the history cannot be read: ${reasonOf(error)}`, isError: true });
    }
  }

  async #travel({ atMs, widthMs }: Extract<MonitEffect, { do: "travel" }>): Promise<void> {
    // Keys that came together lead to the last of their moments.
    await Bun.sleep(0);
    if (this.#model.travel.wantedMs !== atMs) return;
    try {
      const moment = await this.#moments.at(atMs, widthMs, this.#model.snapshot?.services ?? []);
      this.#take({ kind: "moment", moment });
    } catch (error) {
      this.#take({ kind: "said", text: `the history cannot be read: ${reasonOf(error)}`, isError: true });
    }
  }

  #resize(): void {
    const size = terminalSize(1);
    if (size !== null) this.#take({ kind: "size", size });
  }

  #comeBack(): void {
    this.#outside.close();
    this.#enter();
  }

  /** Stops the process group as Ctrl-Z does in every program, after giving the terminal back. */
  async #suspend(): Promise<void> {
    const { screen, terminal } = this.#to;
    this.#isSuspended = true;
    screen.leave();
    await terminal.drained();
    this.#keys?.rest();
    process.kill(0, "SIGTSTP");
    // Without a shell that could continue it, the kernel does not stop the process group, and no SIGCONT comes.
    await Bun.sleep(settleMs);
    this.#resume();
  }

  #resume(): void {
    if (!this.#isSuspended) return;
    this.#isSuspended = false;
    this.#keys?.resume();
    this.#enter();
  }

  #enter(): void {
    this.#to.screen.enter({ hasMouse: this.#model.hasMouse });
    this.#resize();
    this.#painting.request(true);
  }
}
