/** PM2's command for the status as JSON: as an alias of `status` it prints JSON without --json. */
export const jsonAlias = "jlist";
