// bs9 alert --replay: what the present rules would have told over the stored history.
import type { Replayed } from "../agent/replay.ts";
import { alertMistakeLine, alertsFile, loadAlerts } from "../alerting/config/file.ts";
import { failed, usage } from "../base/errors.ts";
import { formatAge, localTime, parseDuration } from "../base/quantities.ts";
import { harmless } from "../base/text.ts";
import type { Context } from "../context.ts";
import { hostName } from "../metrics/subject.ts";
import { levelsOf } from "../storage/levels.ts";
import { eventTable } from "./alert-views.ts";
import type { Result } from "./command.ts";

const longestMs = 42 * 86_400_000;

/** `service`: a service or the host alone; null: all of them. */
export async function replayedAlerts(text: string, service: string | null, context: Context): Promise<Result> {
  const lastsMs = parseDuration(text, "--replay");
  if (lastsMs < 60_000 || lastsMs > longestMs) throw usage(`--replay takes a time from 1m to 42d (got '${text}')`);
  const { config, mistakes } = loadAlerts(context.paths.config);
  const path = alertsFile(context.paths.config);
  if (config === null) throw failed(`cannot replay: ${mistakes.map((mistake) => alertMistakeLine(path, mistake)).join("; ")}`);
  const { specs } = context.registry.readable();
  const subjects = [hostName as typeof hostName, ...specs].filter(
    (one) => service === null || service === (typeof one === "string" ? one : one.name),
  );
  const { replayed } = await import("../agent/replay.ts");
  const nowMs = Date.now();
  const range = { fromMs: nowMs - lastsMs, toMs: nowMs };
  const { keeping } = context.config;
  return shownReplay(await replayed(subjects, range, { storage: context.storage, config, levels: levelsOf(keeping) }), range);
}

function shownReplay({ events, steps, undecidable }: Replayed, { fromMs, toMs }: { fromMs: number; toMs: number }): Result {
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    value: {
      from: iso(fromMs),
      to: iso(toMs),
      steps: steps.map((step) => ({ from: iso(step.fromMs), stepMs: step.stepMs })),
      undecidable: undecidable.map(({ beforeMs, ...rule }) => ({ ...rule, before: beforeMs === null ? null : iso(beforeMs) })),
      events: events.map(({ atMs, sinceMs, id: _, ...event }) => ({ at: iso(atMs), since: iso(sinceMs), ...event })),
    },
    names: events.map(({ subject, rule }) => `${subject} ${rule}`),
    text: (style) => [
      ...(events.length === 0 ? ["The present rules would have told nothing."] : eventTable(events, style, false)),
      "",
      ...(steps.length === 0 ? ["No samples are stored, so only states were replayed."] : steps.map(stepLine)),
      ...undecidable.map(
        ({ beforeMs, rule, subject, why }) =>
          `not decidable${beforeMs === null ? "" : ` before ${localTime(beforeMs)}`}: ${subject} ${harmless(rule)}, because ${why}`,
      ),
    ],
    hints: [
      "Silences, acknowledgements and what bs9 itself started, stopped or restarted are not replayed.",
      "Only the services that are defined now are replayed.",
    ],
  };
}

const stepLine = ({ fromMs, stepMs }: Replayed["steps"][number]): string =>
  `since ${localTime(fromMs)}: thresholds compared with samples of every ${formatAge(stepMs)}`;
