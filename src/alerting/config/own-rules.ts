// The rules that a user makes and names: on any figure, on certificates and on the lines of services.
import * as v from "valibot";
import { Bs9Error } from "../../base/errors.ts";
import { linearPattern, maxPatternLength } from "../../base/pattern.ts";
import { tableOf } from "../../metrics/figures.ts";
import { hostName, kindOf } from "../../metrics/subject.ts";
import { file, serviceName, severity, shared, span, text } from "./fields.ts";

const operators = [">", ">=", "<", "<="] as const;

const ruleName = v.pipe(v.string(), v.regex(/^[a-zA-Z][a-zA-Z0-9_-]{0,62}$/, "must have 1 to 63 letters, digits, - or _"));

const Custom = v.pipe(
  v.strictObject({
    name: ruleName,
    /** The name of a figure of the service, or of the host if `service` is `bs9-host`. */
    series: text(64),
    op: v.picklist(operators),
    value: v.number(),
    ...shared,
    /** Without it the rule is on every service. */
    service: v.optional(v.union([serviceName, v.literal(hostName)])),
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

const Certificate = v.pipe(
  v.strictObject({
    name: ruleName,
    /** A port of this machine, or an https:// URL, or a file in PEM form: exactly one of them. */
    port: v.optional(
      v.pipe(
        v.number(),
        v.integer("must be a whole number"),
        v.minValue(1, "must be at least 1"),
        v.maxValue(65_535, "must be at most 65535"),
      ),
    ),
    url: v.optional(
      v.pipe(
        text(2048),
        v.check((one) => /^https:\/\//i.test(one) && URL.canParse(one), "must be a URL that begins with https://"),
      ),
    ),
    file: v.optional(file),
    /** The service that the certificate belongs to; without it the rule is one of the host. */
    service: v.optional(serviceName),
    /** The host name that it has to be for; that of the URL unless it is given. */
    host: v.optional(v.pipe(text(255), v.regex(/^[A-Za-z0-9.:_-]+$/, "must be a host name or an address"))),
    /** It has to be valid for longer than this. */
    days: v.optional(v.pipe(v.number(), v.gtValue(0, "must be above 0"), v.maxValue(1000, "must be at most 1000")), 14),
    /** A self-signed certificate, or one of an issuer that this host does not trust, is good. */
    allowUntrusted: v.optional(v.boolean(), false),
    ...shared,
  }),
  v.check(
    ({ port, url, file: path }) => [port, url, path].filter((one) => one !== undefined).length === 1,
    "must have exactly one of port, url and file",
  ),
);
export type CertificateConfig = v.InferOutput<typeof Certificate>;

const Pattern = v.strictObject({
  name: ruleName,
  /** A regular expression of RE2. */
  pattern: v.pipe(
    text(maxPatternLength),
    v.rawCheck(({ dataset, addIssue }) => {
      const mistake = dataset.typed ? mistakeInPattern(dataset.value) : null;
      if (mistake !== null) addIssue({ message: mistake });
    }),
  ),
  /** Without it the rule is on every service. */
  service: v.optional(serviceName),
  /** The alert ends after this time without a line that matches. */
  quiet: v.optional(span, 300),
  severity,
});
export type PatternConfig = v.InferOutput<typeof Pattern>;

function mistakeInPattern(pattern: string): string | null {
  try {
    linearPattern(pattern);
    return null;
  } catch (error) {
    if (error instanceof Bs9Error) return error.message;
    throw error;
  }
}

/** A service may replace a rule of all services, so only rules with the same `service` must have different names. */
const distinct = <S extends v.GenericSchema<unknown, { name: string; service?: string | undefined }>>(rule: S, what: string) =>
  v.pipe(
    v.array(rule),
    v.maxLength(100, "must have at most 100 entries"),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const seen = new Set<string>();
      for (const [key, { name, service }] of dataset.value.entries()) {
        const one = `${name} ${service ?? ""}`;
        const at = { type: "array", origin: "value", input: dataset.value, key, value: dataset.value[key] } as const;
        const field = { type: "object", origin: "value", input: { name }, key: "name", value: name } as const;
        if (seen.has(one)) addIssue({ message: `must differ from the names of the other ${what}`, input: name, path: [at, field] });
        seen.add(one);
      }
    }),
  );

export const ownRules = {
  custom: v.optional(distinct(Custom, "custom rules"), []),
  certificates: v.optional(distinct(Certificate, "certificates"), []),
  patterns: v.optional(distinct(Pattern, "patterns"), []),
};
