// Makes services outlive the session of the user; services run without that, so a failure is only a warning.
import type { Deps } from "./deps.ts";

export async function lingerOrWarn({ backend, warn }: Pick<Deps, "backend" | "warn">): Promise<void> {
  const trouble = await backend.linger();
  if (trouble !== null) warn(trouble);
}
