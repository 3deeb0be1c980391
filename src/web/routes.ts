// The table of routes.
import { hostRoutes } from "./api/host.ts";
import { logRoutes } from "./api/logs.ts";
import { recordRoutes } from "./api/series.ts";
import { serviceRoutes } from "./api/services.ts";
import { type SessionDeps, sessionRoutes } from "./api/session.ts";
import { textAnswer } from "./problem.ts";
import type { Route } from "./route.ts";
import type { WebSource } from "./source.ts";

export function routesOf(source: WebSource, session: SessionDeps, now: () => number): Route[] {
  return [
    {
      method: "GET",
      path: "/healthz",
      needs: "nothing",
      summary: "answers while the server runs",
      type: "text/plain",
      answer: () => textAnswer("ok\n"),
    },
    ...sessionRoutes(session),
    ...serviceRoutes(source, now),
    ...recordRoutes(source, now),
    ...logRoutes(source, now),
    ...hostRoutes(source),
  ];
}
