// The endpoints that Prometheus reads: the figures, and where to find them (http_sd).
import { hostname } from "node:os";
import { recentOf } from "../../storage/recent.ts";
import { type HttpAnswer, jsonAnswer, textAnswer } from "../problem.ts";
import { type Exposition, expositionFor, metricsText } from "../prometheus.ts";
import type { Asked, Endpoint } from "../route.ts";
import { keptWork } from "../shared.ts";
import type { WebSource } from "../source.ts";

/** Several Prometheus servers scrape at the same moment. */
const fresh = { freshMs: 1000, staleMs: 1000 };

export function prometheusEndpoints(source: WebSource, now: () => number, publicUrl: string | null) {
  const reading = keptWork(
    "the figures",
    async () => {
      const [snapshot, newest] = await Promise.all([source.snapshot(), source.storage.newest(null).catch(() => null)]);
      return { snapshot, newest: recentOf(newest, now()) };
    },
    fresh,
  );
  const made = new WeakMap<object, Map<boolean, HttpAnswer>>();
  const answer = async (form: Exposition) => {
    const read = await reading.get();
    const forms = made.get(read) ?? new Map<boolean, HttpAnswer>();
    made.set(read, forms);
    const kept = forms.get(form.isOpenMetrics) ?? textAnswer(metricsText(hostname(), read.snapshot, read.newest, form), form.type);
    forms.set(form.isOpenMetrics, kept);
    return kept;
  };
  const metrics: Endpoint = {
    summary: "the figures of the host and of its services for Prometheus, with the labels host and service",
    type: "text/plain",
    answer: ({ headers }) => answer(expositionFor(headers.get("accept"))),
  };
  const discovery: Endpoint = {
    summary: "where Prometheus finds the figures, as its http_sd reads it",
    type: "application/json",
    answers: { type: "array", items: { type: "object", required: ["targets", "labels"] } },
    answer: (asked) => jsonAnswer([targetOf(asked, publicUrl)]),
  };
  return { metrics, discovery };
}

/** The address that the caller used itself, since that one reaches this server. */
function targetOf({ headers, isOwnTls }: Asked, publicUrl: string | null): object {
  const url = publicUrl === null || !(headers.has("x-forwarded-for") || headers.has("x-forwarded-proto")) ? null : new URL(publicUrl);
  const host = url?.host ?? headers.get("host") ?? "";
  const scheme = url?.protocol.slice(0, -1) ?? (isOwnTls ? "https" : "http");
  const target = /:\d+$/.test(host) ? host : `${host}:${scheme === "https" ? 443 : 80}`;
  return { targets: [target], labels: { __scheme__: scheme, __metrics_path__: `${url?.pathname ?? "/"}metrics`, host: hostname() } };
}
