// The table of routes.
import { eventsRoute } from "./api/events.ts";
import { hostRoutes } from "./api/host.ts";
import { logRoutes } from "./api/logs.ts";
import { prometheusRoutes } from "./api/prometheus.ts";
import { recordRoutes } from "./api/series.ts";
import { serviceRoutes } from "./api/services.ts";
import { type SessionDeps, sessionRoutes } from "./api/session.ts";
import { assetAnswers } from "./assets.ts";
import { openApiOf } from "./openapi.ts";
import type { PageAsset } from "./page.ts";
import { jsonAnswer, textAnswer } from "./problem.ts";
import type { Route } from "./route.ts";
import type { WebSource } from "./source.ts";

export type RouteDeps = {
  source: WebSource;
  session: SessionDeps;
  assets: readonly PageAsset[];
  now: () => number;
  publicUrl: string | null;
};

export function routesOf({ source, session, assets, now, publicUrl }: RouteDeps): Route[] {
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
    ...assetAnswers(assets).map(
      ({ path, answer }): Route => ({
        method: "GET",
        path,
        needs: "nothing",
        summary: "a file of the page",
        type: "text/html",
        isPage: true,
        isFree: true,
        answer: ({ headers }) => answer(headers.get("if-none-match")),
      }),
    ),
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
