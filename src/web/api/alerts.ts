// The endpoints of alerts: what fires and what was told, acknowledge, silence, and a test of the channels.
import { usage } from "../../base/errors.ts";
import { parseDuration } from "../../base/quantities.ts";
import { jsonAnswer, problem } from "../problem.ts";
import { bodyObject } from "../request-body.ts";
import type { Endpoint } from "../route.ts";
import { keptWork } from "../shared.ts";
import type { WebSource } from "../source.ts";
import { clientOf } from "./client.ts";

const fresh = { freshMs: 500, staleMs: 500 };
const [shortestMs, longestMs] = [1000, 31 * 86_400_000];
const maxHistory = 500;

export function alertEndpoints(source: WebSource, now: () => number) {
  const kept = keptWork(
    "the alerts",
    async () => {
      const { history, ...rest } = await source.alerts();
      return jsonAnswer({ ...rest, history: history.slice(0, maxHistory) });
    },
    fresh,
  );
  let isTesting = false;
  const list: Endpoint = {
    summary: `the alerts that are pending or firing, the silences, and the last ${maxHistory} events, the newest first`,
    type: "application/json",
    answers: {
      type: "object",
      required: ["alerts", "silences", "history", "mistakes"],
      properties: {
        alerts: { type: ["array", "null"], items: { type: "object" }, description: "null where no agent runs, which evaluates the rules" },
        silences: { type: "array", items: { type: "object" } },
        history: { type: "array", items: { type: "object" } },
        mistakes: { type: "array", items: { type: "string" }, description: "the mistakes in alerts.json" },
      },
    },
    answer: () => kept.get(),
  };
  const acknowledge: Endpoint = {
    summary: "acknowledge an alert that fires",
    parameter: "the id of an alert",
    type: "application/json",
    answers: { type: "object", required: ["id", "subject", "acknowledged"] },
    isSlow: true,
    answer: async (asked) => {
      const subject = await source.acknowledge(asked.name, clientOf(asked));
      kept.forget();
      return jsonAnswer({ id: asked.name, subject, acknowledged: true });
    },
  };
  const silence: Endpoint = {
    summary: "send no new alerts about a service for a time, or end that",
    parameter: "the id of an alert, or the name of its service",
    body: {
      text: "how long, from 1s to 31d; off ends it",
      content: {
        "application/json": {
          type: "object",
          required: ["duration"],
          properties: { duration: { type: "string", examples: ["2h", "off"] } },
        },
      },
    },
    type: "application/json",
    answers: { type: "object", required: ["service", "silencedUntil"] },
    isSlow: true,
    answer: async (asked) => {
      const untilMs = untilIn(bodyObject(await asked.body(), asked.headers), now());
      const service = await source.silence(asked.name, untilMs, clientOf(asked));
      kept.forget();
      return jsonAnswer({ service, silencedUntil: untilMs === null ? null : new Date(untilMs).toISOString() });
    },
  };
  const test: Endpoint = {
    summary: "send a test message through each channel",
    type: "application/json",
    answers: { type: "array", items: { type: "object", required: ["channel", "ok", "answer", "tookMs"] } },
    fails: [429],
    isSlow: true,
    answer: async () => {
      if (isTesting) return problem(429, "a test of the channels is running", { "Retry-After": "10" });
      isTesting = true;
      try {
        return jsonAnswer(await source.testAlerts());
      } finally {
        isTesting = false;
      }
    },
  };
  return { list, acknowledge, silence, test };
}

function untilIn(body: Record<string, unknown>, nowMs: number): number | null {
  const { duration } = body;
  if (typeof duration !== "string") throw usage('the body must be {"duration": "2h"}, or {"duration": "off"}');
  if (duration === "off") return null;
  const lastsMs = parseDuration(duration.slice(0, 40), "duration");
  if (lastsMs < shortestMs || lastsMs > longestMs) throw usage("duration must be from 1s to 31d");
  return nowMs + lastsMs;
}
