// One record of the trail: its schema, its canonical form and its hash. Pure.
import * as v from "valibot";

const Hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

export const Who = v.strictObject({
  uid: v.number(),
  user: v.string(),
  /** The user who logged in, which the kernel keeps through su and sudo; null where it is not set. */
  loginUid: v.nullable(v.number()),
  /** The controlling terminal, as the kernel reports it. */
  terminal: v.nullable(v.string()),
  /** The value of $SSH_CONNECTION, which is not reliable, because anyone can set it. */
  sshFromEnvironment: v.nullable(v.string()),
  pid: v.number(),
  origin: v.picklist(["cli", "agent", "web", "monit"]),
  /** The client that asked over HTTP: its address, how it proved who it is, and the address that a proxy reports, which is not reliable. */
  http: v.optional(v.strictObject({ address: v.string(), by: v.picklist(["token", "session"]), forwardedFor: v.nullable(v.string()) })),
});
export type Who = v.InferOutput<typeof Who>;

const Act = {
  act: v.string(),
  targets: v.array(v.string()),
  /** Secrets are masked before they are stored here. */
  difference: v.array(v.strictObject({ path: v.string(), before: v.optional(v.unknown()), after: v.optional(v.unknown()) })),
  result: v.strictObject({
    outcome: v.picklist(["ok", "failed"]),
    exitStatus: v.number(),
    message: v.nullable(v.string()),
    /** The targets that failed. */
    failed: v.array(v.string()),
  }),
};

export const TrailRecord = v.strictObject({
  /** Identifies the trail from its first record on: a trail that is started again gets another value. */
  chain: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  seq: v.number(),
  at: v.string(),
  who: Who,
  ...Act,
  previous: Hash,
  hash: Hash,
});
export type TrailRecord = v.InferOutput<typeof TrailRecord>;
export type Act = Pick<TrailRecord, "act" | "targets" | "difference" | "result">;

/** What the very first record contains in place of the hash of a previous record. */
export const origin = "0".repeat(64);

/** Acts of the trail on itself. */
export const mendAct = "trail-mend";
export const rotateAct = "trail-rotate";
/** The user has accepted that earlier trails were removed; `removed` names them. */
export const acceptAct = "trail-accept";

/** The record with its hash, as a line without newline. */
export function sealed(record: Omit<TrailRecord, "hash">): { line: string; hash: string } {
  const hash = sha256(canonical(record));
  return { line: canonical({ ...record, hash }), hash };
}

/** Parses a line of the trail; null for anything but a record in the exact form in which bs9 writes it. */
export function parseLine(line: string): TrailRecord | null {
  try {
    const value: unknown = JSON.parse(line);
    const parsed = v.safeParse(TrailRecord, value);
    return parsed.success && canonical(value) === line ? parsed.output : null;
  } catch {
    return null;
  }
}

export function isIntact(record: TrailRecord): boolean {
  const { hash, ...rest } = record;
  return sha256(canonical(rest)) === hash;
}

/** JSON with sorted keys and without spaces, so that each record has exactly one form. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((one) => canonical(one ?? null)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`)
    .join(",")}}`;
}

export function sha256(text: string | Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
