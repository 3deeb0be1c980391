// The client of a request, as the trail records it.
import type { Asked } from "../route.ts";
import type { HttpClient } from "../source.ts";

/** The header is not reliable, because every client can send it. */
export function clientOf({ address, access, headers }: Asked): HttpClient {
  return { address, by: access?.by ?? "token", forwardedFor: headers.get("x-forwarded-for")?.slice(0, 100) ?? null };
}
