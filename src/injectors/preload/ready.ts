// Whether the app is ready for requests: from when its first server listens until SIGTERM, unless the app says otherwise by
// `globalThis.bs9.ready(false)` and later `globalThis.bs9.ready(true)`.

let isListening = false;
let isStopping = false;
let said: boolean | null = null;
let onFirst: () => void = () => {};

/** `then` is called when the first server of the app listens. */
export function provideReady(then: () => void): void {
  onFirst = then;
  if ("bs9" in globalThis) return; // it is the app's own
  const bs9 = {
    ready(isReady: unknown = true): void {
      said = Boolean(isReady);
    },
  };
  Object.defineProperty(globalThis, "bs9", { value: bs9, configurable: true, writable: true });
}

export function markListening(): void {
  if (isListening) return;
  isListening = true;
  onFirst();
}

export function markStopping(): void {
  isStopping = true;
}

export const isReady = (): boolean => !isStopping && (said ?? isListening);
