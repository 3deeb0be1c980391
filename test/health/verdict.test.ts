// Each result changes the verdict: a table of histories of services.
import { expect, test } from "bun:test";
import { type HealthVerdict, judged, unjudged } from "../../src/health/verdict.ts";
import { settings } from "./watched.ts";

/**
 * `g`: a failure in the grace, `x`: one after it, `+`: a success (`G` in the grace). The expected health after each: `?`, `h`,
 * `u`.
 */
const lives: [string, string, string][] = [
  ["a slow start, then healthy", "ggggggggG", "????????h"],
  ["a slow start that succeeds just after the grace", "gggxx+", "?????h"],
  ["a service that never comes up", "gggxxxx", "?????uu"],
  ["the first success ends the grace, so failures after it count", "Gggg", "hhhu"],
  ["two failures in a row are not three", "+xx+xx+xxx", "hhhhhhhhhu"],
  ["one success is not enough to become healthy again", "+xxx+x+x++", "hhhuuuuuuh"],
  ["after an unhealthy period the count begins at zero", "+xxx++xx+xxx", "hhhuuhhhhhhu"],
  ["from unknown one success is enough", "+", "h"],
];
const letters = { unknown: "?", healthy: "h", unhealthy: "u" };

test.each(lives)("the verdict follows the results: %s", (_, results, expected) => {
  const seen = walk(results).map(({ health }) => letters[health]);
  expect(seen.join("")).toBe(expected);
});

test("the health of a service is reported with the time of its last change, the latency and the reason", () => {
  const [first, second, third, fourth, fifth] = walk("G+xxx");
  expect(first).toMatchObject({ health: "healthy", sinceMs: 0, latencyMs: 100, reason: null });
  expect(second).toMatchObject({ sinceMs: 0, latencyMs: 101 });
  expect(third).toMatchObject({ health: "healthy", sinceMs: 0, latencyMs: null, reason: "failure 2" });
  expect(fourth).toMatchObject({ latencyMs: null, failures: 2, reason: "failure 3" });
  expect(fifth).toMatchObject({ health: "unhealthy", sinceMs: 4000, latencyMs: null, reason: "failure 4" });
});

test("the latency is shown again after a successful probe that follows failures", () => {
  expect(walk("+xxx+").at(-1)).toMatchObject({ health: "unhealthy", latencyMs: 104, reason: null });
});

test("a failed probe during the start grace is reported but does not count", () => {
  expect(walk("ggg").at(-1)).toEqual({ ...unjudged(-1), reason: "failure 2" });
});

function walk(results: string): HealthVerdict[] {
  let verdict = unjudged(-1);
  return Array.from(results, (letter, i) => {
    const reason = letter === "+" || letter === "G" ? null : `failure ${i}`;
    verdict = judged(verdict, { reason, latencyMs: 100 + i, atMs: i * 1000, inGrace: letter.toLowerCase() === "g" }, settings);
    return verdict;
  });
}
