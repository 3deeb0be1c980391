// The look of a cell: one of the terminal's own colours, and attributes, as one small number.
import pc from "picocolors";

/** A colour (the low three bits) may be combined with attributes by `|`. */
export const ink = {
  plain: 0,
  red: 1,
  green: 2,
  yellow: 3,
  blue: 4,
  magenta: 5,
  cyan: 6,
  bold: 8,
  dim: 16,
  reverse: 32,
  underline: 64,
} as const;

export type Painter = (text: string, look: number) => string;

/** Without colours only bold and reverse remain, which every terminal can show. */
export function painterOf(hasColour: boolean): Painter {
  const colors = pc.createColors(true);
  const colour = [String, colors.red, colors.green, colors.yellow, colors.blue, colors.magenta, colors.cyan, String];
  const known = new Map<number, (text: string) => string>([[0, String]]);
  const made = (look: number) => {
    const steps = [
      ...(hasColour ? [colour[look & 7] ?? String] : []),
      ...(look & ink.bold ? [colors.bold] : []),
      ...(hasColour && look & ink.dim ? [colors.dim] : []),
      ...(hasColour && look & ink.underline ? [colors.underline] : []),
      ...(look & ink.reverse ? [colors.inverse] : []),
    ];
    return (text: string) => steps.reduce((painted, step) => step(painted), text);
  };
  return (text, look) => {
    const paint = known.get(look) ?? made(look);
    known.set(look, paint);
    return paint(text);
  };
}
