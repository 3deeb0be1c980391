// `status --watch`: repaints the table in place on a terminal; otherwise prints one line for each service that changed.
import { clearViewport, cursorTo, eraseDown, eraseEndLine } from "ansi-escapes";
import { openKeys } from "../base/keys.ts";
import type { Context } from "../context.ts";
import type { Deps } from "../lifecycle/deps.ts";
import { Reasons } from "../lifecycle/reason/reasons.ts";
import { statusTable } from "../render/status-table.ts";
import { changesByHand, emptyHint, olderSandboxLines, troubles, whoMeasured } from "../render/status-words.ts";
import { pickTargets } from "../service/targets.ts";
import { after, emptySnapshot, type ModelEvent } from "../status/events.ts";
import type { Observed } from "../status/schema.ts";
import { badFirst } from "../status/status.ts";
import type { Words } from "./command.ts";

/** The interval between two samples. A change of state is shown as soon as it is reported. */
const paceMs = 2000;
/** The shortest time between two repaints of the screen, however much changes. */
const paintMs = 100;

/**
 * Ends when the AbortSignal is aborted (Ctrl-C), and on a terminal also on `q`. Returns null, because it prints everything
 * itself.
 */
export async function watch(given: Words, context: Context): Promise<null> {
  const { terminal, settings } = context;
  const deps = await context.prepare();
  const quit = new AbortController();
  const signal = AbortSignal.any([context.signal, quit.signal]);
  const watched = new Watched(given, context, deps);
  const repaints = terminal.isTerminal && !settings.json;
  const keys = repaints ? openKeys((typed) => /q/i.test(typed) && quit.abort()) : null;
  const { show, end } = repaints ? painter(context, deps, watched, keys !== null) : { show: printer(context, watched), end() {} };
  watched.onReasons = () => {
    if (!signal.aborted) show();
  };
  try {
    for await (const event of context.model.follow({ signal, paceMs })) {
      watched.hear(event);
      show();
      if (!(await terminal.flow())) break;
    }
  } finally {
    end();
    keys?.close();
  }
  return null;
}

/** The requested services after the last event, with the reasons that were found so far. */
class Watched {
  readonly #given: Words;
  readonly #context: Context;
  readonly #deps: Deps;
  readonly #warned = new Set<string>();
  #snapshot = emptySnapshot;
  /** The requested names; null means all services. */
  #names: Set<string> | null = null;
  readonly #reasons: Reasons;
  /** This function is called when it has been found why services are not well. */
  onReasons = () => {};

  constructor(given: Words, context: Context, deps: Deps) {
    this.#given = given;
    this.#context = context;
    this.#deps = deps;
    this.#reasons = new Reasons(deps, () => this.onReasons());
  }

  /** Throws if a service that was requested by its name is no longer defined. */
  hear(event: ModelEvent): void {
    const { words } = this.#given;
    const { registry } = this.#context;
    this.#names = words.length === 0 ? null : new Set(pickTargets(words, registry.names()));
    this.#snapshot = after(this.#snapshot, event);
    for (const warning of this.#snapshot.warnings) {
      if (!this.#warned.has(warning)) this.#deps.warn(warning);
      this.#warned.add(warning);
    }
    this.#reasons.hear(event, this.#snapshot);
  }

  observed(): Observed[] {
    const asked = this.#snapshot.services.filter(({ status }) => this.#names === null || this.#names.has(status.name));
    return badFirst(asked.map((one) => this.#reasons.explained(one)));
  }
}

function painter({ terminal }: Context, deps: Deps, watched: Watched, hasKeys: boolean): { show(): void; end(): void } {
  let paintedMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | null = null;
  let isEnded = false;
  const paint = () => {
    timer = null;
    paintedMs = performance.now();
    const observed = watched.observed();
    const lines = [
      ...statusTable(observed, terminal.style, terminal.columns),
      ...emptyHint(observed),
      "",
      ...troubles(observed),
      ...changesByHand(observed, []),
      ...olderSandboxLines(observed),
      ...whoMeasured(observed, deps.backend),
      ...(hasKeys ? [terminal.style.dim("q quits")] : []),
    ];
    terminal.write(`${cursorTo(0, 0)}${lines.map((line) => `${line}${eraseEndLine}`).join("\n")}${eraseDown}\n`);
  };
  terminal.write(clearViewport);
  return {
    show() {
      if (!isEnded) timer ??= setTimeout(paint, Math.max(0, paintedMs + paintMs - performance.now()));
    },
    /** Repainting the table after the command has ended would overwrite the prompt of the shell. */
    end() {
      isEnded = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

function printer({ terminal, settings }: Context, watched: Watched): () => void {
  const last = new Map<string, string>();
  return () => {
    const observed = watched.observed();
    for (const one of observed) {
      const { status } = one;
      // Figures change all the time, so the text reports only changes of these fields.
      const key = settings.json
        ? JSON.stringify(status)
        : [status.state, status.health, status.pid, status.restarts, status.sandbox].join(" ");
      if (last.get(status.name) === key) continue;
      last.set(status.name, key);
      terminal.print(
        settings.json ? JSON.stringify({ at: new Date().toISOString(), ...status }) : (statusTable([one], terminal.style, null)[1] ?? ""),
      );
    }
    const present = new Set(observed.map(({ status }) => status.name));
    for (const name of [...last.keys()].filter((known) => !present.has(known))) {
      last.delete(name);
      terminal.print(settings.json ? JSON.stringify({ at: new Date().toISOString(), name, state: "deleted" }) : `${name}  deleted`);
    }
  };
}
