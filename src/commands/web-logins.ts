// Records logins in the trail, without delay for the client, and without letting a client fill the trail with them.
import { reasonOf } from "../base/errors.ts";
import { harmless } from "../base/text.ts";
import type { Context } from "../context.ts";
import type { WebSource } from "../web/source.ts";

const hourMs = 3_600_000;
/** Further logins of an hour are not recorded: they would push the records of acts out of the trail. */
const maxPerHour = 60;

export function loginRecorder(context: Context, now: () => number = Date.now): WebSource["loggedIn"] {
  const { registry, trailOf, warn } = context;
  let times: number[] = [];
  return (level, way, http) => {
    const nowMs = now();
    times = times.filter((atMs) => atMs > nowMs - hourMs);
    if (times.length >= maxPerHour) return;
    times.push(nowMs);
    const record = async () => {
      const { recordWebAct } = await import("../lifecycle/web-acts.ts");
      const how = way === "code" ? "logged in with a login URL" : "logged in with the token";
      await recordWebAct("web-login", level, how, { registry, trail: trailOf("web", http), warn, progress: () => {} });
    };
    // The lock of the registry may be held by a start for minutes.
    record().catch((error: unknown) => warn(`a login could not be recorded in the trail: ${harmless(reasonOf(error))}`));
  };
}
