// The schema of alerts.json: the rules, the channels and the heartbeat that the user has configured.
import * as v from "valibot";
import type { SubjectKind } from "../../metrics/subject.ts";
import { mistakeInTemplate } from "../channels/template.ts";
import { type EventName, eventRows, type Takes, thresholdRows } from "../rules/table.ts";
import { event, file, off, percent, percentOrSize, positive, seconds, serviceName, severity, shared, span, text } from "./fields.ts";
import { ownRules } from "./own-rules.ts";

/** The schema of a rule by what its row in the table of the rules takes. A count is reached at one moment, so it has no `for`. */
const takes = {
  percent: v.optional(v.union([off, v.strictObject({ value: percent, ...shared })])),
  percentOrSize: v.optional(v.union([off, v.strictObject({ value: percentOrSize, ...shared })])),
  number: v.optional(v.union([off, v.strictObject({ value: positive, ...shared })])),
  percentWithin: v.optional(v.union([off, v.strictObject({ value: percent, within: v.optional(span), ...shared })])),
  countWithin: v.optional(v.union([off, v.strictObject({ value: positive, within: v.optional(span), severity })])),
  time: v.optional(v.union([off, v.strictObject({ value: span, ...shared })])),
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

const maxUrl = 2048;
const url = v.pipe(
  text(maxUrl),
  v.check((one) => /^https?:\/\//i.test(one) && URL.canParse(one), "must be a URL that begins with http:// or https://"),
);

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
  services: v.optional(v.record(serviceName, ServiceRules), {}),
  ...ownRules,
  channels: v.optional(Channels, {}),
  heartbeat: v.optional(Heartbeat),
});
/** The parsed file, with its defaults. */
export type AlertConfig = v.InferOutput<typeof AlertConfig>;
/** The file as it is written: without defaults. */
export type AlertFile = v.InferInput<typeof AlertConfig>;
