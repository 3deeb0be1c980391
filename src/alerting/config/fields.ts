// The values of the fields of alerts.json that several parts of its schema share.
import * as v from "valibot";
import { parseBytes, parseDuration } from "../../base/quantities.ts";
import { namePattern } from "../../service/name.ts";
import { severities } from "../message.ts";

const longestSeconds = 31 * 86_400;
const fromZero = v.pipe(v.number(), v.minValue(0, "must be at least 0"));
const aboveZero = v.pipe(v.number(), v.gtValue(0, "must be above 0"));
export const seconds = v.pipe(fromZero, v.maxValue(longestSeconds, `must be at most ${longestSeconds}`));

/** The pattern is for the JSON Schema; the parser decides. */
const durationPattern = /^(\d{1,9}(\.\d{1,3})?|(\d{1,9}(\.\d{1,3})?(ms|s|m|h|d)){1,4})$/;
const durationWords = "must be a time such as 10s or 5m";

/** A number of seconds, or a text such as `10s`, `5m` or `1h30m`; the output is milliseconds. */
const durationFrom = (leastMs: number) =>
  v.pipe(
    v.union([fromZero, v.pipe(v.string(), v.regex(durationPattern, durationWords))], durationWords),
    v.rawTransform<number | string, number>(({ dataset, addIssue, NEVER }) => {
      const ms = valueIn(() =>
        typeof dataset.value === "number" ? Math.round(dataset.value * 1000) : parseDuration(dataset.value, "for"),
      );
      if (ms !== null && ms >= leastMs && ms <= longestSeconds * 1000) return ms;
      addIssue({ message: ms === null ? durationWords : ms < leastMs ? "must be above 0" : "must be at most 31d" });
      return NEVER;
    }),
  );
const duration = durationFrom(0);

/** Null where the parser refuses the text. */
function valueIn(parse: () => number): number | null {
  try {
    return parse();
  } catch {
    return null;
  }
}
export const severity = v.optional(v.picklist(severities));
export const serviceName = v.pipe(v.string(), v.regex(namePattern, "must be the name of a service"));
export const text = (max: number) =>
  v.pipe(v.string(), v.minLength(1, "must not be empty"), v.maxLength(max, `must have at most ${max} characters`));

export const off = v.literal("off");
/** A threshold of 0 would always be reached. */
export const percent = v.pipe(aboveZero, v.maxValue(100, "must be at most 100"));
export const positive = v.pipe(aboveZero, v.maxValue(1e15, "is too large"));
const sizePattern = /^\d{1,15}(\.\d{1,6})?[kmgtKMGT]?([iI]?[bB])?$/;
const sizeWords = "must be a size such as 512M";

/** A percentage, or a size such as `512M`, which becomes a number of bytes. */
export const percentOrSize = v.pipe(
  v.union([percent, v.pipe(v.string(), v.regex(sizePattern, sizeWords))], "must be a percentage or a size such as 512M"),
  v.rawTransform<number | string, number | { bytes: number }>(({ dataset: { value }, addIssue, NEVER }) => {
    if (typeof value === "number") return value;
    const bytes = valueIn(() => parseBytes(value, "memory"));
    if (bytes !== null && bytes > 0) return { bytes };
    addIssue({ message: bytes === null ? sizeWords : "must be above 0" });
    return NEVER;
  }),
);

export const shared = { for: v.optional(duration), severity };
export const span = durationFrom(1);
export const event = v.optional(v.union([v.picklist(["on", "off"]), v.strictObject(shared)]));

export const file = v.pipe(text(4096), v.regex(/^(\/|~\/)/, "must be an absolute path, or begin with ~/"));
