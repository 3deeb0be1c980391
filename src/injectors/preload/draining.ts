// Whether the app is being stopped: it finishes what is in flight and takes nothing new.

let draining = false;

export function startDraining(): void {
  draining = true;
}

export const isDraining = (): boolean => draining;
