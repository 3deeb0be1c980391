// How late the event loop is: a timer that runs later than it should shows for how long something blocked the loop.
import { now } from "./clock.ts";

/** An idle process wakes up only twice a second for this. */
const everyMs = 500;
const windowMs = 10_000;

type Lags = { count: number; sumMs: number; maxMs: number };

const none = (): Lags => ({ count: 0, sumMs: 0, maxMs: 0 });
let present = none();
let previous = none();
let last = 0;

export function watchLoop(): void {
  let expected = now() + everyMs;
  let windowEnd = now() + windowMs;
  const look = () => {
    const at = now();
    last = Math.max(0, at - expected);
    present.count++;
    present.sumMs += last;
    present.maxMs = Math.max(present.maxMs, last);
    if (at >= windowEnd) {
      previous = present;
      present = none();
      windowEnd = at + windowMs;
    }
    expected = now() + everyMs;
    setTimeout(look, everyMs).unref();
  };
  setTimeout(look, everyMs).unref();
}

/** In seconds: the last measurement, and mean and maximum of the last 10 to 20 s. */
export function loopLag(): { last: number; mean: number; max: number } {
  const count = present.count + previous.count;
  const mean = count === 0 ? 0 : (present.sumMs + previous.sumMs) / count;
  return { last: last / 1000, mean: mean / 1000, max: Math.max(present.maxMs, previous.maxMs) / 1000 };
}
