// The schema of alerts.json: the rules, the channels and the heartbeat that the user has configured.
import * as v from "valibot";
import { parseBytes, parseDuration } from "../../base/quantities.ts";
import { tableOf } from "../../metrics/figures.ts";
import { hostName, kindOf, type SubjectKind } from "../../metrics/subject.ts";
import { namePattern } from "../../service/name.ts";
import { mistakeInTemplate } from "../channels/template.ts";
import { severities } from "../message.ts";
import { type EventName, eventRows, type Takes, thresholdRows } from "../rules/table.ts";

const longestSeconds = 31 * 86_400;
const fromZero = v.pipe(v.number(), v.minValue(0, "must be at least 0"));
const aboveZero = v.pipe(v.number(), v.gtValue(0, "must be above 0"));
const seconds = v.pipe(fromZero, v.maxValue(longestSeconds, `must be at most ${longestSeconds}`));

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
const severity = v.optional(v.picklist(severities));
const name = v.pipe(v.string(), v.regex(namePattern, "must be the name of a service"));
const text = (max: number) =>
  v.pipe(v.string(), v.minLength(1, "must not be empty"), v.maxLength(max, `must have at most ${max} characters`));

const off = v.literal("off");
/** A threshold of 0 would always be reached. */
const percent = v.pipe(aboveZero, v.maxValue(100, "must be at most 100"));
const positive = v.pipe(aboveZero, v.maxValue(1e15, "is too large"));
const sizePattern = /^\d{1,15}(\.\d{1,6})?[kmgtKMGT]?([iI]?[bB])?$/;
const sizeWords = "must be a size such as 512M";

/** A percentage, or a size such as `512M`, which becomes a number of bytes. */
const percentOrSize = v.pipe(
  v.union([percent, v.pipe(v.string(), v.regex(sizePattern, sizeWords))], "must be a percentage or a size such as 512M"),
  v.rawTransform<number | string, number | { bytes: number }>(({ dataset: { value }, addIssue, NEVER }) => {
    if (typeof value === "number") return value;
    const bytes = valueIn(() => parseBytes(value, "memory"));
    if (bytes !== null && bytes > 0) return { bytes };
    addIssue({ message: bytes === null ? sizeWords : "must be above 0" });
    return NEVER;
  }),
);

const shared = { for: v.optional(duration), severity };
const within = v.optional(durationFrom(1));
const event = v.optional(v.union([v.picklist(["on", "off"]), v.strictObject(shared)]));

/** The schema of a rule by what its row in the table of the rules takes. A count is reached at one moment, so it has no `for`. */
const takes = {
  percent: v.optional(v.union([off, v.strictObject({ value: percent, ...shared })])),
  percentOrSize: v.optional(v.union([off, v.strictObject({ value: percentOrSize, ...shared })])),
  number: v.optional(v.union([off, v.strictObject({ value: positive, ...shared })])),
  percentWithin: v.optional(v.union([off, v.strictObject({ value: percent, within, ...shared })])),
  countWithin: v.optional(v.union([off, v.strictObject({ value: positive, within, severity })])),
};

type Entries<T extends Record<string, keyof typeof takes>> = { [N in keyof T]: (typeof takes)[T[N]] };

const thresholdsOn = (kind: SubjectKind) =>
  Object.fromEntries(thresholdRows.flatMap((row) => (row.on === kind ? [[row.name, takes[row.takes]]] : [])));

/** Every rule is optional: a rule that a service does not set is that of `rules`, and then the built-in one. */
const ServiceRules = v.strictObject({
  ...(thresholdsOn("service") as Entries<Takes<"service">>),
  ...(Object.fromEntries(eventRows.map(({ name }) => [name, event])) as Record<EventName, typeof event>),
});

/** The rules on the host can be set for the host only. */
const GlobalRules = v.strictObject({ ...ServiceRules.entries, ...(thresholdsOn("host") as Entries<Takes<"host">>) });
export type GlobalRules = v.InferOutput<typeof GlobalRules>;

const operators = [">", ">=", "<", "<="] as const;

const Custom = v.pipe(
  v.strictObject({
    name: v.pipe(v.string(), v.regex(/^[a-zA-Z][a-zA-Z0-9_-]{0,62}$/, "must have 1 to 63 letters, digits, - or _")),
    /** The name of a figure of the service, or of the host if `service` is `bs9-host`. */
    series: text(64),
    op: v.picklist(operators),
    value: v.number(),
    ...shared,
    /** Without it the rule is on every service. */
    service: v.optional(v.union([name, v.literal(hostName)])),
  }),
  v.forward(
    v.check(
      ({ series, service }) => tableOf(kindOf(service ?? "")).some((figure) => figure.name === series),
      "must be the name of a figure, as bs9 export --format json shows it",
    ),
    ["series"],
  ),
);
export type CustomRule = v.InferOutput<typeof Custom>;

/** A service may replace a rule of all services, so only rules with the same `service` must have different names. */
const Customs = v.pipe(
  v.array(Custom),
  v.maxLength(100, "must have at most 100 entries"),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const seen = new Set<string>();
    for (const [key, rule] of dataset.value.entries()) {
      const one = `${rule.name} ${rule.service ?? ""}`;
      const at = { type: "array", origin: "value", input: dataset.value, key, value: rule } as const;
      const field = { type: "object", origin: "value", input: { ...rule }, key: "name", value: rule.name } as const;
      if (seen.has(one)) addIssue({ message: "must differ from the names of the other custom rules", input: rule.name, path: [at, field] });
      seen.add(one);
    }
  }),
);

const maxUrl = 2048;
const url = v.pipe(
  text(maxUrl),
  v.check((one) => /^https?:\/\//i.test(one) && URL.canParse(one), "must be a URL that begins with http:// or https://"),
);
const file = v.pipe(text(4096), v.regex(/^(\/|~\/)/, "must be an absolute path, or begin with ~/"));

const template = v.pipe(
  text(16_384),
  v.rawCheck(({ dataset, addIssue }) => {
    const mistake = dataset.typed ? mistakeInTemplate(dataset.value) : null;
    if (mistake !== null) addIssue({ message: mistake });
  }),
);

const Webhook = v.strictObject({
  url,
  /** The key of the signature in the header. */
  secret: v.optional(text(1024)),
  secretFile: v.optional(file),
  preset: v.optional(v.picklist(["slack", "discord", "ntfy"])),
  /** The body of the request; `{{name}}` is replaced by a value. */
  template: v.optional(template),
});
export type WebhookConfig = v.InferOutput<typeof Webhook>;

const addressPattern = /^[^\s@<>",;]{1,64}@[^\s@<>",;]{1,255}$/;
const address = v.pipe(v.string(), v.regex(addressPattern, "must be a mail address"));

const Mail = v.strictObject({
  host: v.pipe(text(255), v.regex(/^[A-Za-z0-9.:_-]+$/, "must be a host name or an address")),
  port: v.pipe(
    v.number(),
    v.integer("must be a whole number"),
    v.minValue(1, "must be at least 1"),
    v.maxValue(65_535, "must be at most 65535"),
  ),
  user: v.optional(text(255)),
  password: v.optional(text(1024)),
  passwordFile: v.optional(file),
  from: address,
  to: v.union(
    [address, v.pipe(v.array(address), v.minLength(1, "must not be empty"), v.maxLength(50, "must have at most 50 entries"))],
    "must be a mail address, or a list of them",
  ),
  /** `required`: TLS or nothing; `auto`: TLS if the server offers it. */
  tls: v.optional(v.picklist(["required", "auto", "off"])),
});
export type MailConfig = v.InferOutput<typeof Mail>;

const word = v.pipe(v.string(), v.maxLength(4096, "must have at most 4096 characters"));
const CommandChannel = v.strictObject({
  argv: v.pipe(v.array(word), v.minLength(1, "must not be empty"), v.maxLength(100, "must have at most 100 entries")),
});

const Channels = v.strictObject({
  webhooks: v.optional(v.pipe(v.array(Webhook), v.maxLength(20, "must have at most 20 entries")), []),
  mail: v.optional(Mail),
  command: v.optional(CommandChannel),
  journal: v.optional(v.boolean()),
});
export type ChannelsConfig = v.InferOutput<typeof Channels>;

const Heartbeat = v.strictObject({
  url,
  everySeconds: v.optional(v.pipe(v.number(), v.minValue(5, "must be at least 5"), v.maxValue(86_400, "must be at most 86400"))),
});
export type HeartbeatConfig = v.InferOutput<typeof Heartbeat>;

export const AlertConfig = v.strictObject({
  enabled: v.optional(v.boolean(), true),
  cooldownSeconds: v.optional(seconds, 300),
  rules: v.optional(GlobalRules, {}),
  services: v.optional(v.record(name, ServiceRules), {}),
  custom: v.optional(Customs, []),
  channels: v.optional(Channels, {}),
  heartbeat: v.optional(Heartbeat),
});
/** The parsed file, with its defaults. */
export type AlertConfig = v.InferOutput<typeof AlertConfig>;
/** The file as it is written: without defaults. */
export type AlertFile = v.InferInput<typeof AlertConfig>;
