// Notices about log files that are not read, because bs9 did not create them.
import { unreadStreams } from "../logs/store/place.ts";
import type { Notice } from "./notice.ts";

export function unreadLogs(root: string, services: string[]): Notice[] {
  return services.flatMap((subject) =>
    unreadStreams(root, [subject]).map((what): Notice => ({ kind: "log-file", subject, what, fix: null })),
  );
}
