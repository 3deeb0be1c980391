// Reads the present state of services, with the reason for each service that is not well.

import type { Observed } from "../status/schema.ts";
import { badFirst } from "../status/status.ts";
import type { Deps } from "./deps.ts";
import { explain } from "./reason/explain.ts";

export async function observe(names: string[], deps: Deps): Promise<Observed[]> {
  if (names.length === 0) return [];
  const { services, warnings } = await deps.model.now(names);
  for (const warning of warnings) deps.warn(warning);
  await explain(services, deps);
  return badFirst(services);
}
