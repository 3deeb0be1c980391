// Whether the app is ready for requests: from when its first server listens until SIGTERM, unless the app says otherwise by
// `globalThis.bs9.ready(false)` and later `globalThis.bs9.ready(true)`. By `globalThis.bs9.endpoints(false)` it keeps the preload from
// answering on its ports.
import { replace } from "./replace.ts";

let isListening = false;
let isStopping = false;
let said: boolean | null = null;
let answersOnPorts = true;
let onFirst: () => void = () => {};

/** `then` is called when the first server of the app listens. */
export function provideReady(then: () => void): void {
  onFirst = then;
  if ("bs9" in globalThis) return; // it is the app's own
  const bs9 = {
    ready(isReady: unknown = true): void {
      said = Boolean(isReady);
    },
    endpoints(isWanted: unknown = true): void {
      answersOnPorts = Boolean(isWanted);
    },
  };
  replace(globalThis, "bs9", bs9);
}

export function markListening(): void {
  if (isListening) return;
  isListening = true;
  onFirst();
}

export function markStopping(): void {
  isStopping = true;
}

export const hasEndpoints = (): boolean => answersOnPorts;
export const isReady = (): boolean => !isStopping && (said ?? isListening);
