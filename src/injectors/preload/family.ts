// A family of figures: one name, one type, and its samples as lines of text.

export type FigureFamily = { name: string; type: "counter" | "gauge" | "histogram" | "summary"; help: string; samples: string[] };

/** Without a sample where the value is not known. */
export const gauge = (name: string, help: string, value: number): FigureFamily => ({
  name,
  type: "gauge",
  help,
  samples: Number.isFinite(value) ? [`${name} ${value}`] : [],
});
