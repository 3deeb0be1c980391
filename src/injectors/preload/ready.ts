// Whether the app is ready for requests: once its first server listens, and not after SIGTERM.

let isListening = false;

export function markListening(): void {
  isListening = true;
}

export const isReady = (): boolean => isListening;
