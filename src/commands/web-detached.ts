// bs9 web --detach and --stop: the web server as bs9-web.service.
import { failed, noBackend } from "../base/errors.ts";
import { listeners } from "../base/listeners.ts";
import { firstWebPort } from "../config/web.ts";
import type { Context } from "../context.ts";
import { type RunningWeb, runningWebs } from "../web/running.ts";
import { loadToken } from "../web/token.ts";
import type { Result } from "./command.ts";

const startsWithinMs = 15_000;
const pollMs = 100;

/** `tls` has the options of the certificate with absolute paths. */
export type Detached = { host: string; port: number | null; tls: string[] };

/** Starts bs9-web.service, and returns once it listens; it keeps its port over reboots. */
export async function detachWeb({ host, port, tls }: Detached, context: Context): Promise<RunningWeb> {
  const { backend } = await context.deps();
  if (backend.web === undefined)
    throw noBackend("--detach needs systemd; without it, bs9 run serves the same API", { hint: "bs9 run, or bs9 web" });
  // A token that cannot be used is reported here, and not in the log of the service.
  loadToken(context.env, context.paths.config);
  await backend.web.stop();
  const chosen = port ?? freeFrom(firstWebPort);
  const beganMs = Date.now();
  await backend.web.start(["--host", host, "--port", String(chosen), ...tls]);
  if (context.config.defaults.linger) {
    const trouble = await backend.linger();
    if (trouble !== null) context.warn(trouble);
  }
  while (Date.now() - beganMs < startsWithinMs && !context.signal.aborted) {
    const found = (await runningWebs(context.paths.state)).find((one) => one.port === chosen && one.startedMs >= beganMs);
    if (found !== undefined) return found;
    await Bun.sleep(pollMs);
  }
  await backend.web.stop();
  throw failed(`bs9-web.service did not begin to listen on ${host}:${chosen} within ${startsWithinMs / 1000} s`, {
    hint: "journalctl --user -u bs9-web -n 20",
  });
}

export async function stopWeb(context: Context): Promise<Result> {
  const { backend } = await context.deps();
  const hasStopped = (await backend.web?.stop()) ?? false;
  if (!hasStopped) throw failed("bs9-web.service does not exist, so there is nothing to stop", { hint: "bs9 web --detach" });
  return { value: { stopped: true }, names: ["bs9-web"], text: (style) => [`bs9-web ${style.green("stopped")}`] };
}

function freeFrom(first: number): number {
  const taken = new Set(listeners().map(({ port }) => port));
  for (let port = first; port < first + 1000; port++) if (!taken.has(port)) return port;
  return first;
}
