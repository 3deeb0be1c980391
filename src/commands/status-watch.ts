// `status --watch`: repaints in place on a terminal; elsewhere one line for each service that changed.
import { clearViewport, cursorTo, eraseDown, eraseEndLine } from "ansi-escapes";
import { openKeys } from "../base/keys.ts";
import type { Terminal } from "../base/terminal.ts";
import type { Context } from "../context.ts";
import type { Deps } from "../lifecycle/deps.ts";
import { observe } from "../lifecycle/observe.ts";
import { statusTable } from "../render/status-table.ts";
import { changesByHand, emptyHint, olderSandboxes, troubles, whoMeasured } from "../render/status-words.ts";
import { pickTargets } from "../service/targets.ts";
import type { Observed } from "../status/schema.ts";
import type { Words } from "./command.ts";

const intervalMs = 2000;

/** Ends with the signal, on a terminal also with `q`; returns null, for all is printed. */
export async function watch(given: Words, context: Context): Promise<null> {
  const opened = await context.deps();
  const warned = new Set<string>();
  // Each once, not with every look.
  const warn = (text: string) => {
    if (!warned.has(text)) opened.warn(text);
    warned.add(text);
  };
  const deps = { ...opened, warn };
  const { terminal, settings } = context;
  const repaints = terminal.isTerminal && !settings.json;
  const quit = new AbortController();
  const signal = AbortSignal.any([context.signal, quit.signal]);
  const keys = repaints ? openKeys((typed) => /q/i.test(typed) && quit.abort()) : null;
  const last = new Map<string, string>();
  if (repaints) terminal.write(clearViewport);
  try {
    while (!signal.aborted) {
      const names = given.words.length === 0 ? context.registry.names() : pickTargets(given.words, context.registry.names());
      const observed = await observe(names, deps);
      if (repaints) repaint([...screen(observed, deps, terminal), ...(keys === null ? [] : [terminal.style.dim("q quits")])], terminal);
      else printChanges(observed, last, context);
      await sleepUntil(intervalMs, signal);
    }
  } finally {
    keys?.close();
  }
  return null;
}

function screen(observed: Observed[], deps: Deps, { style, columns }: Terminal): string[] {
  return [
    ...statusTable(observed, style, columns),
    ...emptyHint(observed),
    "",
    ...troubles(observed),
    ...changesByHand(observed, []),
    ...olderSandboxes(observed),
    ...whoMeasured(observed, deps.backend),
  ];
}

function repaint(lines: string[], terminal: Terminal): void {
  terminal.write(`${cursorTo(0, 0)}${lines.map((line) => `${line}${eraseEndLine}`).join("\n")}${eraseDown}\n`);
}

function printChanges(observed: Observed[], last: Map<string, string>, { terminal, settings }: Context): void {
  for (const one of observed) {
    const { status } = one;
    // Figures move all the time: with text, a change is one of state.
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
}

function sleepUntil(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
