// The subjects of samples: each service, and the host on which the services run.

export const kinds = ["service", "host"] as const;
export type SubjectKind = (typeof kinds)[number];

/** The name of the host where the name of a service is expected. `bs9-*` is reserved, so no service has this name. */
export const hostName = "bs9-host";

export const kindOf = (subject: string): SubjectKind => (subject === hostName ? "host" : "service");
