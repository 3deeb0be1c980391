// export --format html: one page with the charts of the dashboard, which needs no server and no network. The samples are in the page
// as JSON, one block for each subject, so that the memory of the export does not grow with the number of services.
import { tableOf } from "../metrics/figures.ts";
import { hostName, kindOf } from "../metrics/subject.ts";
import type { Point, Range, StorageReader } from "../storage/storage.ts";
import { version } from "../version.ts";
import { bundleReport } from "./page-bundle.ts" with { type: "macro" };

export type ReportOptions = {
  storage: Pick<StorageReader, "series" | "services">;
  range: Range;
  /** Null: the host and all services. */
  subject: string | null;
  /** The name of this machine. */
  host: string;
  /** Called with the points of each subject that has any. */
  onPoints(subject: string, points: readonly Point[]): void;
};

/** More points than this are not told apart on a screen. */
const maxPoints = 600;
const fastestStepMs = 5000;

const { script, style } = bundleReport();

export async function* reportPieces({ storage, range, subject, host, onPoints }: ReportOptions): AsyncIterable<string> {
  const stepMs = Math.max(fastestStepMs, Math.ceil((range.toMs - range.fromMs) / maxPoints / 1000) * 1000);
  const head = { host, bs9: version.version, stepMs, ...range };
  yield pageHead(host);
  yield block("report", head);
  const subjects = subject === null ? [hostName, ...(await storage.services())] : [subject];
  for (const name of subjects) {
    const points = await storage.series(name, range, stepMs);
    if (points.length === 0) continue;
    onPoints(name, points);
    yield block("subject", { name, ...columnsOf(name, points) });
  }
  yield `<script>${script}</script>\n</body>\n</html>\n`;
}

/** A figure that nobody has measured is left out, and the others are rounded to what a chart can show. */
function columnsOf(name: string, points: readonly Point[]): { columns: string[]; rows: (string | number | null)[][] } {
  const known = tableOf(kindOf(name)).flatMap(({ name: figure }) => [figure, `${figure}Min`, `${figure}Max`]);
  const values = points as readonly Readonly<Record<string, unknown>>[];
  const figures = ["samples", ...known].filter((figure) => values.some((point) => typeof point[figure] === "number"));
  const rows = values.map((point) => [
    Number(point["atMs"]),
    typeof point["state"] === "string" ? point["state"] : null,
    ...figures.map((figure) => rounded(point[figure])),
  ]);
  return { columns: ["atMs", "state", ...figures], rows };
}

function rounded(value: unknown): number | null {
  return typeof value !== "number" ? null : Number.isInteger(value) ? value : Number(value.toPrecision(5));
}

/** A name, or whatever else is in the samples, must not end the block. */
function block(kind: string, value: unknown): string {
  return `<script type="application/json" class="${kind}">${JSON.stringify(value).replaceAll("<", "\\u003c")}</script>\n`;
}

/** The policy names the script and the styles of this page by their hashes, so that the page loads and runs nothing else. */
function pageHead(host: string): string {
  const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>bs9 · ${host.replace(/[^\w.-]/g, "")}</title>
<style>${style}</style>
</head>
<body>
`;
}

function hashOf(text: string): string {
  return `'sha256-${new Bun.CryptoHasher("sha256").update(text).digest("base64")}'`;
}
