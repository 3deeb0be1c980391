// Lets the app's own listeners of SIGTERM run later than the signal. They are taken off the process and kept here; the methods of
// `process` show them and change them as if they were still there.
import { replace } from "./replace.ts";

type Listener = (...args: unknown[]) => void;
type Kept = { listener: Listener; isOnce: boolean };
type Method = (this: unknown, ...args: unknown[]) => unknown;

const signal = "SIGTERM";
let kept: Kept[] = [];

/** The one listener that the process has; null before `holdListeners`. */
let own: (() => void) | null = null;
/** The methods as they were. The overridden ones would look among the listeners that are kept. */
const { on, rawListeners, removeAllListeners, removeListener } = process as unknown as Record<string, Method>;

/** From now on `onSignal` is called for each SIGTERM, and nothing of the app. */
export function holdListeners(onSignal: () => void): void {
  const present = process.rawListeners(signal) as (Listener & { listener?: Listener })[];
  kept = present.map((raw) => ({ listener: raw.listener ?? raw, isOnce: raw.listener !== undefined }));
  process.removeAllListeners(signal);
  on?.call(process, signal, onSignal);
  own = onSignal;
  for (const [name, method] of Object.entries(methods)) override(name, method);
}

/** Gives SIGTERM its default effect again. */
export function release(): void {
  removeListener?.call(process, signal, own);
}

export const hasListeners = (): boolean => kept.length > 0;

/** Runs the app's listeners as the signal would. */
export function runListeners(...args: unknown[]): void {
  for (const one of [...kept]) {
    if (one.isOnce) kept = kept.filter((other) => other !== one);
    one.listener.call(process, ...args);
  }
}

type Replacement = (args: unknown[]) => unknown;

const add =
  (isOnce: boolean, isFirst: boolean): Replacement =>
  ([listener]) => {
    const one = { listener: listener as Listener, isOnce };
    kept = isFirst ? [one, ...kept] : [...kept, one];
    return process;
  };

const remove: Replacement = ([listener]) => {
  const at = kept.findLastIndex((one) => one.listener === listener);
  if (at !== -1) kept = kept.filter((_, i) => i !== at);
  return process;
};

const all: Replacement = () => kept.map(({ listener }) => listener);

const methods: Record<string, Replacement> = {
  on: add(false, false),
  addListener: add(false, false),
  once: add(true, false),
  prependListener: add(false, true),
  prependOnceListener: add(true, true),
  off: remove,
  removeListener: remove,
  removeAllListeners: () => {
    kept = [];
    return process;
  },
  listeners: all,
  rawListeners: all,
  listenerCount: ([listener]) => (listener === undefined ? kept : kept.filter((one) => one.listener === listener)).length,
  emit: (args) => {
    const hadSome = hasListeners();
    runListeners(...args);
    return hadSome;
  },
};

/** Removes all listeners of all events, and puts the listener of the preload back. */
function removeEverything(): unknown {
  kept = [];
  removeAllListeners?.call(process);
  const left = rawListeners?.call(process, signal) as unknown[];
  if (own !== null && !left.includes(own)) on?.call(process, signal, own);
  return process;
}

function override(name: string, replacement: Replacement): void {
  const original = (process as unknown as Record<string, Method>)[name];
  if (original === undefined) return;
  const { [name]: value } = {
    [name](this: unknown, ...args: unknown[]): unknown {
      if (name === "removeAllListeners" && args.length === 0) return removeEverything();
      const isOurs = args[0] === signal && (typeof args[1] === "function" || !name.match(/^(on|once|add|prepend)/));
      return isOurs ? replacement(args.slice(1)) : original.apply(this, args);
    },
  };
  replace(process, name, value);
}
