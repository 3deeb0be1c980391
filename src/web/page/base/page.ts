// What every view gets: the state, the messages, and the ways to other views.
import type { Messages } from "./dialog.ts";
import type { KeyAction } from "./keys.ts";
import type { LiveServices } from "./live.ts";
import { hashOf, type Place, type ViewName } from "./place.ts";

/** What a view shows; `close` ends its timers and listeners. */
export type ShownView = {
  title: string;
  root: HTMLElement;
  keys: KeyAction[];
  /** Called when the query of the place changed and the view stays. Without it, the view is made again. */
  moved?(place: Place): void;
  close(): void;
};

export type PageContext = {
  live: LiveServices;
  messages: Messages;
  host(): string;
  /** The session has ended: shows the login. */
  loggedOut(): void;
};

export type MakeView = (page: PageContext, place: Place) => ShownView;

export function openView(view: ViewName, name = "", query: Record<string, string | null> = {}): void {
  location.hash = hashOf(view, name, query);
}

/** Changes the query of the place without a new entry in the history of the browser. */
export function replaceQuery({ view, name, query }: Place, change: Record<string, string | null>): void {
  const hash = hashOf(view, name, { ...query, ...change });
  if (hash !== location.hash) {
    history.replaceState(null, "", hash);
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  }
}

/** Runs work at once and then at each interval, as long as the page is seen; returns the function that ends it. */
export function whileSeen(everyMs: () => number, work: () => Promise<void>): () => void {
  let timer: number | null = null;
  let isOver = false;
  let isWorking = false;
  const turn = async () => {
    timer = null;
    if (isOver || isWorking || document.visibilityState === "hidden") return;
    isWorking = true;
    await work();
    isWorking = false;
    if (!isOver) timer = window.setTimeout(() => void turn(), everyMs());
  };
  const seen = () => {
    if (document.visibilityState === "visible" && timer === null) void turn();
  };
  document.addEventListener("visibilitychange", seen);
  void turn();
  return () => {
    isOver = true;
    if (timer !== null) clearTimeout(timer);
    document.removeEventListener("visibilitychange", seen);
  };
}
