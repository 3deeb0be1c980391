// The table of routes.
import { eventsRoute } from "./api/events.ts";
import { hostRoutes } from "./api/host.ts";
import { logRoutes } from "./api/logs.ts";
import { prometheusRoutes } from "./api/prometheus.ts";
import { recordRoutes } from "./api/series.ts";
import { serviceRoutes } from "./api/services.ts";
import { type SessionDeps, sessionRoutes } from "./api/session.ts";
import { openApiOf } from "./openapi.ts";
import { jsonAnswer, textAnswer } from "./problem.ts";
import type { Route } from "./route.ts";
import type { WebSource } from "./source.ts";

export function routesOf(source: WebSource, session: SessionDeps, now: () => number, publicUrl: string | null): Route[] {
  const routes: Route[] = [
    {
      method: "GET",
      path: "/healthz",
      needs: "nothing",
      summary: "answers while the server runs",
      type: "text/plain",
      isFree: true,
      answer: () => textAnswer("ok\n"),
    },
    ...sessionRoutes(session),
    ...serviceRoutes(source, now),
    ...recordRoutes(source, now),
    ...logRoutes(source, now),
    ...hostRoutes(source),
    ...prometheusRoutes(source, now, publicUrl),
    eventsRoute,
    {
      method: "GET",
      path: "/api/openapi.json",
      needs: "read",
      summary: "this description of the API",
      type: "application/json",
      answer: () => jsonAnswer(openApiOf(routes)),
    },
  ];
  return routes;
}
