// Parses the bodies of requests. Each function throws a usage error for a body that cannot be used.
import { usage } from "../base/errors.ts";

/** The object in a JSON body. */
export function bodyObject(body: string, headers: Headers): Record<string, unknown> {
  if (!/^application\/json\b/i.test(headers.get("content-type") ?? "")) throw usage("the body must be JSON, with its Content-Type");
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw usage("the body is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw usage("the body must be a JSON object");
  return { ...value };
}
