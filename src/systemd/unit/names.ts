// The names that systemd uses for a service: its units, and the identifiers of its streams in the journal.

export const unitName = (name: string): string => `${name}.service`;

export const delayPrefix = "bs9-delay@";
/**
 * The unit of delay.ts. It cannot collide with a service: names of services contain no `@`, and names that start with `bs9-`
 * are reserved.
 */
export const delayUnitName = (name: string): string => `${delayPrefix}${name}.service`;
/** The units that a service may have. */
export const unitsOf = (name: string): string[] => [unitName(name), delayUnitName(name)];
export const isDelay = (unit: string): boolean => unit.startsWith(delayPrefix);

export const stdoutIdentifier = (name: string): string => `${name}.service`;
export const stderrIdentifier = (name: string): string => `${name}.service(stderr)`;
