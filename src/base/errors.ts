// The only error class of bs9: what could not be done, why, and what to do now. Any other error that is thrown is a bug (exit
// 70).

/** Exit statuses of the command line; scripts rely on this table. */
export const exitStatus = {
  done: 0,
  failed: 1,
  usage: 2,
  notUp: 3,
  notFound: 4,
  noBackend: 5,
  refused: 6,
  bug: 70,
  interrupted: 130,
} as const;

const statusOf = {
  failed: exitStatus.failed,
  usage: exitStatus.usage,
  "not-found": exitStatus.notFound,
  "no-backend": exitStatus.noBackend,
  refused: exitStatus.refused,
  interrupted: exitStatus.interrupted,
} as const;

export type ErrorCode = keyof typeof statusOf;

export type ErrorOptions = {
  /** What could not be done, such as `cannot start web`: the beginning of the message. */
  lead?: string;
  /** A command line or an action that solves the problem; printed after `Try:`. */
  hint?: string;
  /** Lines that explain the error, such as the last log lines of a service that did not come up. */
  details?: string[];
  cause?: unknown;
};

export class Bs9Error extends Error {
  readonly code: ErrorCode;
  /** The message without `lead`, for places that have already said what could not be done. */
  readonly why: string;
  readonly hint: string | undefined;
  readonly details: string[];

  constructor(code: ErrorCode, why: string, options: ErrorOptions = {}) {
    super(options.lead === undefined ? why : `${options.lead}: ${why}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Bs9Error";
    this.code = code;
    this.why = why;
    this.hint = options.hint;
    this.details = options.details ?? [];
  }

  get exitStatus(): number {
    return statusOf[this.code];
  }
}

export const failed = (message: string, options?: ErrorOptions): Bs9Error => new Bs9Error("failed", message, options);
export const usage = (message: string, options?: ErrorOptions): Bs9Error => new Bs9Error("usage", message, options);
export const notFound = (message: string, options?: ErrorOptions): Bs9Error => new Bs9Error("not-found", message, options);
export const refused = (message: string, options?: ErrorOptions): Bs9Error => new Bs9Error("refused", message, options);
export const noBackend = (message: string, options?: ErrorOptions): Bs9Error => new Bs9Error("no-backend", message, options);

/** The message of anything that was thrown, for use inside another message. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The message of anything thrown, without `lead`. */
export function whyOf(error: unknown): string {
  return error instanceof Bs9Error ? error.why : reasonOf(error);
}

/** The errno name (`ENOENT`) of a system error, or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
