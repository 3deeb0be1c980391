// bs9 web --detach and --stop: the web server as bs9-web.service.
import type { WebUnit } from "../backend/backend.ts";
import { failed, noBackend, reasonOf } from "../base/errors.ts";
import { harmless } from "../base/text.ts";
import type { Context } from "../context.ts";
import { type RunningWeb, runningWebs } from "../web/running.ts";
import type { Result } from "./command.ts";
import { tryWeb, type WebPlace } from "./web-open.ts";

const startsWithinMs = 15_000;
const pollMs = 100;

/**
 * Starts bs9-web.service, and returns once it listens; it keeps its port over reboots. If the new server does not start, the
 * previous one is put back.
 */
export async function detachWeb(place: WebPlace, context: Context): Promise<RunningWeb> {
  const { backend } = await context.deps();
  if (backend.web === undefined)
    throw noBackend("--detach needs systemd; without it, bs9 run serves the same API", { hint: "bs9 run, or bs9 web" });
  const previous = backend.web.port();
  const chosen = place.port ?? previous;
  // What would prevent the start is reported here, and not in the log of the service. Its own port is taken, by itself.
  const port = await tryWeb(chosen === previous ? { ...place, port: null } : place, context).then((free) => chosen ?? free);
  const { host, certificate } = place;
  const tls = certificate === null ? [] : ["--tls-cert", certificate.files.cert, "--tls-key", certificate.files.key];
  const beganMs = Date.now();
  const undo = await backend.web.start(["--host", host, "--port", String(port), ...tls]);
  if (context.config.defaults.linger) {
    const trouble = await backend.linger();
    if (trouble !== null) context.warn(trouble);
  }
  while (Date.now() - beganMs < startsWithinMs && !context.signal.aborted) {
    const found = (await runningWebs(context.paths.state)).find((one) => one.port === port && one.startedMs >= beganMs);
    if (found !== undefined) return found;
    await Bun.sleep(pollMs);
  }
  const rest = await putBack(undo);
  throw failed(`bs9-web.service did not begin to listen on ${host}:${port} within ${startsWithinMs / 1000} s${rest}`, {
    hint: "journalctl --user -u bs9-web -n 20",
  });
}

async function putBack(undo: Awaited<ReturnType<WebUnit["start"]>>): Promise<string> {
  try {
    return (await undo()) ? "; the previous server is started again" : "";
  } catch (error) {
    return `; and the previous server cannot be started again: ${harmless(reasonOf(error))}`;
  }
}

export async function stopWeb(context: Context): Promise<Result> {
  const { backend } = await context.deps();
  const hasStopped = (await backend.web?.stop()) ?? false;
  if (!hasStopped) throw failed("bs9-web.service does not exist, so there is nothing to stop", { hint: "bs9 web --detach" });
  return { value: { stopped: true }, names: ["bs9-web"], text: (style) => [`bs9-web ${style.green("stopped")}`] };
}
