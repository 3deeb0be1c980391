// The table of routes: who may call each path, and which endpoint answers. auth.ts explains the levels of `needs`.
import { alertEndpoints } from "./api/alerts.ts";
import { events } from "./api/events.ts";
import { hostEndpoints } from "./api/host.ts";
import { logEndpoint } from "./api/logs.ts";
import { prometheusEndpoints } from "./api/prometheus.ts";
import { recordEndpoints } from "./api/series.ts";
import { serviceEndpoints } from "./api/services.ts";
import { type SessionDeps, sessionEndpoints } from "./api/session.ts";
import { assetEndpoints } from "./assets.ts";
import { openApiOf } from "./openapi.ts";
import type { PageAsset } from "./page.ts";
import { jsonAnswer, textAnswer } from "./problem.ts";
import type { Endpoint, Route } from "./route.ts";
import type { WebSource } from "./source.ts";

export type RouteDeps = {
  source: WebSource;
  session: SessionDeps;
  assets: readonly PageAsset[];
  now: () => number;
  publicUrl: string | null;
  /** Aborted when the server ends. */
  ends: AbortSignal;
};

export function routesOf({ source, session, assets, now, publicUrl, ends }: RouteDeps): Route[] {
  const { login, loginByCode, logout } = sessionEndpoints(session);
  const { statuses, description, start, stop, restart } = serviceEndpoints(source, now, ends);
  const { series, trail } = recordEndpoints(source, now);
  const logs = logEndpoint(source, now);
  const alerts = alertEndpoints(source, now);
  const { host, doctor } = hostEndpoints(source, now);
  const { metrics, discovery } = prometheusEndpoints(source, now, publicUrl);
  const routes: Route[] = [
    { method: "GET", path: "/healthz", needs: "nothing", ...health },
    // The files of the page, which contain no secret.
    ...assetEndpoints(assets).map(([path, asset]): Route => ({ method: "GET", path, needs: "nothing", ...asset })),
    { method: "POST", path: "/login", needs: "nothing", ...login },
    { method: "GET", path: "/login", needs: "nothing", usesUp: true, ...loginByCode },
    { method: "POST", path: "/logout", needs: "nothing", ...logout },
    { method: "GET", path: "/api/metrics", needs: "read", ...statuses },
    { method: "GET", path: "/api/metrics/history", needs: "read", ...series },
    { method: "GET", path: "/api/services/{name}", needs: "read", ...description },
    { method: "POST", path: "/api/services/{name}/start", needs: "full", ...start },
    { method: "POST", path: "/api/services/{name}/stop", needs: "full", ...stop },
    { method: "POST", path: "/api/services/{name}/restart", needs: "full", ...restart },
    { method: "GET", path: "/api/logs", needs: "read", ...logs },
    { method: "GET", path: "/api/events", needs: "read", isSocket: true, ...events },
    { method: "GET", path: "/api/alerts", needs: "read", ...alerts.list },
    { method: "POST", path: "/api/alerts/test", needs: "full", ...alerts.test },
    { method: "POST", path: "/api/alerts/{id}/ack", needs: "full", ...alerts.acknowledge },
    { method: "POST", path: "/api/alerts/{id}/silence", needs: "full", ...alerts.silence },
    { method: "GET", path: "/api/history", needs: "read", ...trail },
    { method: "GET", path: "/api/host", needs: "read", ...host },
    { method: "GET", path: "/api/doctor", needs: "read", ...doctor },
    { method: "GET", path: "/metrics", needs: "read", ...metrics },
    { method: "GET", path: "/api/sd", needs: "read", ...discovery },
    {
      method: "GET",
      path: "/api/openapi.json",
      needs: "read",
      summary: "this description of the API",
      type: "application/json",
      answer: () => jsonAnswer(openApiOf(routes, session.cookieName)),
    },
  ];
  return routes;
}

const health: Endpoint = {
  summary: "answers while the server runs",
  type: "text/plain",
  isFree: true,
  answer: () => textAnswer("ok\n"),
};
