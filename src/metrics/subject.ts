// What samples are taken of: each service, and the host that they run on.

export const kinds = ["service", "host"] as const;
export type SubjectKind = (typeof kinds)[number];

/** The host among the names of services; `bs9-*` is reserved, so no service has this name. */
export const hostName = "bs9-host";

export const kindOf = (subject: string): SubjectKind => (subject === hostName ? "host" : "service");
