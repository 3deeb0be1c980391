// The requests in flight of the servers of Bun.serve. Bun tells how many there are; the rest is known of those whose function has
// returned a promise that is pending.
import { bunServers } from "./bun-server.ts";
import type { CountedRoute } from "./series.ts";

const running = new Set<{ began: number }>();
let hasEventStreams = false;

export function startRunning(begun: { began: number }): void {
  running.add(begun);
}

export function finishRunning(begun: { began: number }): void {
  running.delete(begun);
}

/**
 * Notes whether the app answers with event streams. Reading a header costs more than all other counting, so only the first
 * answers of each route are looked at, and some later ones.
 */
export function noteType(route: CountedRoute, answer: Response): void {
  route.looks = (route.looks + 1) & 0xff;
  if (route.looks > 3 || hasEventStreams) return;
  hasEventStreams = /^text\/event-stream/i.test(answer.headers.get("content-type") ?? "");
}

export function bunInFlight(): number {
  let sum = 0;
  for (const server of bunServers) sum += server.pendingRequests;
  return sum;
}

/**
 * The requests that wait since before `since`, which is how long polling looks. Bun does not tell which responses it still sends,
 * so all of them count where the app has event streams.
 */
export function bunLongLived(since: number): number {
  let sum = hasEventStreams ? Math.max(0, bunInFlight() - running.size) : 0;
  for (const { began } of running) if (began < since) sum++;
  return sum;
}
