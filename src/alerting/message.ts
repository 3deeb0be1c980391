// The documented, versioned JSON of alerts: what a channel receives, and what the spool keeps.
import * as v from "valibot";

export const severities = ["warning", "critical"] as const;

/** Bounds the texts of an event, so that a hostile name or log line cannot make a message large. */
export const maxText = 2000;
/** More events than this never form one message: the agent makes several messages from them. */
export const maxEvents = 1000;

const text = v.pipe(v.string(), v.maxLength(maxText));
const id = v.pipe(v.string(), v.regex(/^[A-Za-z0-9._:-]{1,128}$/));

export const AlertEvent = v.strictObject({
  /** Identifies one firing of one rule on one subject. Its `resolved` event has the same id. */
  id,
  rule: text,
  kind: v.picklist(["firing", "resolved"]),
  /** The name of a service, or `bs9-host`. */
  subject: text,
  severity: v.picklist(severities),
  atMs: v.number(),
  /** When the condition became true; the rule fires after its `for`. */
  sinceMs: v.number(),
  value: v.nullable(v.number()),
  threshold: v.nullable(v.number()),
  unit: v.nullable(text),
  /** Says what is wrong, also in a `resolved` event: then it is what was wrong. */
  sentence: text,
});
export type AlertEvent = v.InferOutput<typeof AlertEvent>;

export const AlertMessage = v.strictObject({
  version: v.literal(1),
  /** A repeat of a message carries the same id, so that a receiver can tell it from a new message. */
  id,
  host: text,
  atMs: v.number(),
  events: v.pipe(v.array(AlertEvent), v.maxLength(maxEvents)),
});
export type AlertMessage = v.InferOutput<typeof AlertMessage>;

/** The message in a text that bs9 wrote; null for what another version wrote. */
export function messageIn(body: string): AlertMessage | null {
  try {
    const parsed = v.safeParse(AlertMessage, JSON.parse(body));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/**
 * The id of one firing; `began` is what tells it from an earlier firing of the same rule on the same subject. For a service that
 * failed this is the run that ended: the agent and the unit that systemd starts on a failure both make the id from it, so that
 * nobody is told twice of the same end.
 */
export function idOfFiring(rule: string, subject: string, began: string | number): string {
  const hash = new Bun.CryptoHasher("sha256").update(JSON.stringify([rule, subject, String(began)])).digest("hex");
  return hash.slice(0, 20);
}
