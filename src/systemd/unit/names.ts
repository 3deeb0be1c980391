// How systemd names what belongs to a service: its units, and what the journal calls its streams.

export const unitName = (name: string): string => `${name}.service`;

export const delayPrefix = "bs9-delay@";
/** The unit of delay.ts. No service is named so: names of services have no `@`, and those with `bs9-` are reserved. */
export const delayUnitName = (name: string): string => `${delayPrefix}${name}.service`;
export const isDelay = (unit: string): boolean => unit.startsWith(delayPrefix);

export const stdoutIdentifier = (name: string): string => `${name}.service`;
export const stderrIdentifier = (name: string): string => `${name}.service(stderr)`;
