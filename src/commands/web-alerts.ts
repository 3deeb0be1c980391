// What the web server reads of alerts, and how it acts on them.
import { alertMistakeLine, alertsFile, loadAlerts } from "../alerting/config/file.ts";
import { readKept } from "../alerting/evaluation/kept.ts";
import { readQuiet } from "../alerting/evaluation/silences.ts";
import { readAlertHistory } from "../alerting/spool/history.ts";
import { notFound } from "../base/errors.ts";
import type { Context } from "../context.ts";
import { type AlertDeps, acknowledge, silence } from "../lifecycle/alert.ts";
import { hostName } from "../metrics/subject.ts";
import { whoActs } from "../trail/who.ts";
import type { AlertsSeen, HttpClient } from "../web/source.ts";

export async function alertsSeen({ paths, model, registry }: Context): Promise<AlertsSeen> {
  const { alerts } = await model.now(registry.names());
  const { mistakes } = loadAlerts(paths.config);
  const nowMs = Date.now();
  return {
    alerts,
    silences: readQuiet(paths.state).silences.filter(({ untilMs }) => untilMs > nowMs),
    history: readAlertHistory(paths.state).toReversed(),
    mistakes: mistakes.map((mistake) => alertMistakeLine(alertsFile(paths.config), mistake)),
  };
}

export function acknowledgeFor(context: Context, id: string, http: HttpClient): Promise<string> {
  return acknowledge(id, depsFor(context, http));
}

/** Returns the subject that is silenced. */
export async function silenceFor(context: Context, idOrService: string, untilMs: number | null, http: HttpClient): Promise<string> {
  const { paths, registry } = context;
  const alert = readKept(paths.state)?.alerts.find(({ id }) => id === idOrService);
  const subject = alert?.subject ?? [...registry.names(), hostName].find((name) => name === idOrService);
  if (subject === undefined) throw notFound("there is neither an alert with this id nor a service with this name");
  await silence(subject, untilMs, depsFor(context, http));
  return subject;
}

function depsFor({ registry, trailOf, paths, env }: Context, http: HttpClient): AlertDeps {
  const quietly = () => {};
  const trail = trailOf("web", http);
  return { registry, trail, paths, warn: quietly, progress: quietly, now: Date.now, user: whoActs("web", env).user };
}
