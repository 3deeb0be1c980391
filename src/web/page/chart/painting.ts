// The colours of a chart, which are those of the style sheet, and what is drawn beside the lines: the limit and the marks.
import type uPlot from "uplot";
import type { ChartMark } from "./series.ts";

type Tones = Record<1 | 2 | 3 | 4, string>;
export type Paint = {
  text: string;
  grid: string;
  font: string;
  act: string;
  alert: string;
  limit: string;
  tones: Tones;
  fills: Tones;
  bands: Tones;
};

export function paintOf(root: HTMLElement): Paint {
  const style = getComputedStyle(root);
  // A custom property is computed as it was written, so a colour is asked for that uses it.
  const probe = document.createElement("span");
  root.append(probe);
  const colour = (text: string) => {
    probe.style.color = text;
    return getComputedStyle(probe).color;
  };
  const each = (of: (tone: string) => string): Tones => ({
    1: colour(of("var(--tone-1)")),
    2: colour(of("var(--tone-2)")),
    3: colour(of("var(--tone-3)")),
    4: colour(of("var(--tone-4)")),
  });
  const weak = (percent: number) => (tone: string) => `color-mix(in srgb, ${tone} ${percent}%, transparent)`;
  const paint = {
    text: colour("var(--dim)"),
    grid: colour("var(--grid)"),
    font: `11px ${style.fontFamily}`,
    act: colour("var(--accent)"),
    alert: colour("var(--bad)"),
    limit: colour("var(--warn)"),
    tones: each((tone) => tone),
    fills: each(weak(12)),
    bands: each(weak(22)),
  };
  probe.remove();
  return paint;
}

/** Draws the limit as a dashed line, alerts as spans, and acts as flags at the foot of the chart. */
export function drawMarks(chart: uPlot, paint: Paint, limit: number | null, marks: readonly ChartMark[]): void {
  const { ctx, bbox } = chart;
  const [left, right, top, bottom] = [bbox.left, bbox.left + bbox.width, bbox.top, bbox.top + bbox.height];
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineWidth = ratio;
  if (limit !== null && limit <= (chart.scales["y"]?.max ?? 0)) {
    const y = chart.valToPos(limit, "y", true);
    line(ctx, [left, y], [right, y], paint.limit, [6 * ratio, 4 * ratio]);
  }
  for (const { atMs, toMs, kind } of marks) {
    const x = chart.valToPos(atMs / 1000, "x", true);
    if (kind === "alert") {
      const end = toMs === null ? right : chart.valToPos(toMs / 1000, "x", true);
      ctx.fillStyle = paint.alert;
      ctx.globalAlpha = 0.1;
      ctx.fillRect(x, top, Math.max(2 * ratio, end - x), bbox.height);
      ctx.globalAlpha = 1;
      ctx.fillRect(x, bottom - 3 * ratio, Math.max(2 * ratio, end - x), 3 * ratio);
      continue;
    }
    if (x < left || x > right) continue;
    const colour = kind === "act" ? paint.act : paint.alert;
    line(ctx, [x, top], [x, bottom], colour, [2 * ratio, 3 * ratio]);
    ctx.fillStyle = colour;
    ctx.beginPath();
    // An act points up, an end points down, so that the two differ without their colours.
    const [base, tip] = kind === "act" ? [bottom, bottom - 7 * ratio] : [bottom - 7 * ratio, bottom];
    ctx.moveTo(x - 4 * ratio, base);
    ctx.lineTo(x + 4 * ratio, base);
    ctx.lineTo(x, tip);
    ctx.fill();
  }
  ctx.restore();
}

type Position = [x: number, y: number];

function line(ctx: CanvasRenderingContext2D, [x, y]: Position, to: Position, colour: string, dash: number[]): void {
  ctx.beginPath();
  ctx.setLineDash(dash);
  ctx.strokeStyle = colour;
  ctx.moveTo(x, y);
  ctx.lineTo(...to);
  ctx.stroke();
  ctx.setLineDash([]);
}
