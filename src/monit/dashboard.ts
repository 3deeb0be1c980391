// Runs the dashboard: takes events, lets `update` decide, does what it wants done, and draws.
import { failed, reasonOf } from "../base/errors.ts";
import { type OpenedKeys, openKeys } from "../base/keys.ts";
import type { Terminal } from "../base/terminal.ts";
import { terminalSize } from "../base/terminal-size.ts";
import type { AlertDeps } from "../lifecycle/alert.ts";
import { Reasons } from "../lifecycle/reason/reasons.ts";
import { act, wordsFor } from "./acting.ts";
import type { MonitEffect, MonitEvent } from "./events.ts";
import { escapeMs, InputParser } from "./input/parser.ts";
import type { MonitModel } from "./model.ts";
import { LogOutside } from "./outside.ts";
import { Painting } from "./painting.ts";
import { acknowledgeAll, quieten } from "./quieting.ts";
import { DashboardReading } from "./reading.ts";
import { RunningActs } from "./running-acts.ts";
import type { Screen } from "./screen/screen.ts";
import type { MonitDeps } from "./sources.ts";
import { Suspension } from "./suspension.ts";
import { goTo } from "./update/time.ts";
import { update } from "./update/update.ts";
import { view } from "./view/view.ts";

export type DashboardDeps = {
  deps: MonitDeps;
  /** Where alerts are kept, and the user who acts on them. */
  alerts: Pick<AlertDeps, "paths" | "user">;
  terminal: Terminal;
  screen: Screen;
  /** The moment with which the screen begins; null begins with now. */
  atMs: number | null;
};

/** After an error the services are followed again at this pace. */
const retryMs = 2000;

export class Dashboard {
  readonly #to: DashboardDeps;
  readonly #reading: DashboardReading;
  readonly #reasons: Reasons;
  readonly #painting: Painting;
  readonly #parser = new InputParser();
  readonly #outside: LogOutside;
  readonly #ended = Promise.withResolvers<void>();
  readonly #closing = new AbortController();
  readonly #signal: AbortSignal;
  readonly #acts = new RunningActs((event) => this.#take(event));
  #model: MonitModel;
  #keys: OpenedKeys | null = null;
  #escape: NodeJS.Timeout | null = null;
  #heardMs = 0;
  #suspension: Suspension | null = null;

  constructor(model: MonitModel, to: DashboardDeps) {
    this.#model = model;
    this.#to = to;
    const { deps, screen, terminal } = to;
    this.#signal = AbortSignal.any([deps.signal, this.#closing.signal]);
    this.#reading = new DashboardReading(deps, this.#signal, (event) => this.#take(event));
    this.#reasons = new Reasons(deps, () => this.#take({ kind: "reasons", reasons: this.#reasons.found }));
    this.#painting = new Painting(
      () => screen.draw(view(this.#model)),
      terminal,
      () => this.#ended.resolve(),
    );
    this.#outside = new LogOutside(deps, terminal);
  }

  /** Runs until the user quits or the AbortSignal is aborted. Throws what ends it otherwise, after the terminal is restored. */
  async run(): Promise<void> {
    const { screen, deps, atMs, terminal } = this.#to;
    const resized = () => this.#guard(() => this.#resize());
    const thrown = (error: unknown) => this.#ended.reject(error);
    const clock = setInterval(() => this.#tick(), this.#model.refreshMs);
    process.on("SIGWINCH", resized);
    // An error that nothing catches ends the dashboard like any other error, because Bun would not end the process at once.
    process.on("uncaughtException", thrown);
    process.on("unhandledRejection", thrown);
    this.#signal.addEventListener("abort", () => this.#ended.resolve(), { once: true });
    try {
      screen.enter({ hasMouse: this.#model.hasMouse });
      const typed = (text: string) => this.#guard(() => this.#typed(text));
      this.#keys = openKeys(typed, { isRaw: true, gone: () => this.#ended.resolve() });
      this.#suspension = new Suspension(
        () => this.#leave(),
        () => this.#return(),
        thrown,
      );
      this.#painting.request(true);
      void this.#follow();
      if (atMs !== null) this.#step(goTo(this.#model, atMs));
      await this.#ended.promise;
    } finally {
      clearInterval(clock);
      if (this.#escape !== null) clearTimeout(this.#escape);
      process.off("SIGWINCH", resized);
      this.#suspension?.close();
      process.off("uncaughtException", thrown);
      process.off("unhandledRejection", thrown);
      this.#painting.close();
      this.#closing.abort();
      this.#outside.close();
      screen.close();
      this.#keys?.close();
    }
    if (this.#acts.words.length === 0 || deps.signal.aborted) return;
    terminal.note(`waiting for: ${this.#acts.words.join(", ")}`);
    const ends = await this.#acts.ended();
    for (const { text } of ends.filter(({ isError }) => !isError)) terminal.note(text);
    const bad = ends.filter(({ isError }) => isError).map(({ text }) => text);
    if (bad[0] !== undefined) throw failed(bad[0], { details: bad.slice(1) });
  }

  async #follow(): Promise<void> {
    try {
      for await (const event of this.#to.deps.model.follow({ signal: this.#signal, paceMs: this.#model.refreshMs })) {
        this.#heardMs = performance.now();
        // The time is shown with the event, so that both make one frame.
        this.#step(update(this.#model, { kind: "tick", nowMs: Date.now() }));
        this.#take({ kind: "services", event });
        this.#reasons.hear(event, { services: this.#model.snapshot?.services ?? [] });
      }
    } catch (error) {
      if (this.#signal.aborted) return;
      // The host line says that the services are stale until they can be followed again.
      this.#take({ kind: "said", text: `the services cannot be read: ${reasonOf(error)}`, isError: true });
    }
    await Bun.sleep(retryMs);
    if (!this.#signal.aborted) void this.#follow();
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
    const { screen, deps, alerts } = this.#to;
    switch (effect.do) {
      case "quit":
        this.#ended.resolve();
        break;
      case "suspend":
        this.#suspension?.suspend();
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
        this.#acts.run(`${effect.act} ${wordsFor(effect.names)}`, (said) => act(effect.act, effect.names, { ...deps, ...said }));
        break;
      case "silence":
        this.#acts.run(`silence ${wordsFor(effect.names)}`, (said) =>
          quieten(effect.names, effect.lastsMs, { ...deps, ...said, ...alerts }),
        );
        break;
      case "acknowledge":
        this.#acts.run("acknowledge", (said) => acknowledgeAll(effect.ids, { ...deps, ...said, ...alerts }));
        break;
      case "environment":
        this.#reading.environment(effect.name);
        break;
      case "follow":
        this.#reading.follow(effect);
        break;
      case "history":
        void this.#reading.history(effect, () => this.#model);
        break;
      case "travel":
        void this.#reading.travel(effect, () => this.#model);
        break;
    }
  }

  #resize(): void {
    const size = terminalSize(1);
    // Some terminals move their rows when their size changes, so that nothing of the last frame is certain.
    this.#to.screen.forget();
    if (size !== null) this.#take({ kind: "size", size });
  }

  #comeBack(): void {
    this.#outside.close();
    this.#enter();
  }

  async #leave(): Promise<void> {
    this.#to.screen.leave();
    await this.#to.terminal.drained();
    this.#keys?.rest();
  }

  #return(): void {
    this.#keys?.resume();
    this.#enter();
  }

  #enter(): void {
    this.#to.screen.enter({ hasMouse: this.#model.hasMouse });
    this.#resize();
    this.#painting.request(true);
  }
}
