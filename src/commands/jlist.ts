/** PM2's word for the status as JSON: it prints JSON without being asked to. */
export const jsonAlias = "jlist";
