// The HTTP server: /healthz for everybody, and the state of services for clients with the token.
import { hostname } from "node:os";
import { errnoOf, failed } from "../base/errors.ts";
import { plainErrno } from "../base/files.ts";
import { Auth, foreign, namesOf, needsToken } from "./auth.ts";
import { problem } from "./problem.ts";
import { find, type RouteDeps, routesOf } from "./routes.ts";

export type WebOptions = RouteDeps & { host: string; port: number; token: string };
export type Web = { port: number; stop(): Promise<void> };

const idleSeconds = 10;
/** No route accepts a body. */
const maxBodyBytes = 16 * 1024;

/** Port 0 takes a free port. */
export function serveWeb({ host, port, token, statuses, now }: WebOptions): Web {
  const routes = routesOf({ statuses, now });
  const auth = new Auth(token, now);
  const ours = namesOf(host, hostname());
  const answer = async (request: Request, address: string): Promise<Response> => {
    const refused = foreign(request.headers, ours);
    if (refused !== null) return refused;
    const route = find(routes, request.method, new URL(request.url).pathname);
    if (route instanceof Response) return route;
    return (needsToken(route.path) ? auth.refusal(request.headers, address) : null) ?? route.answer();
  };
  try {
    const server = Bun.serve({
      hostname: host,
      port,
      development: false,
      // Without `reusePort: false` Bun may share the port with another server of this user.
      reusePort: false,
      idleTimeout: idleSeconds,
      maxRequestBodySize: maxBodyBytes,
      fetch: (request, server) => answer(request, server.requestIP(request)?.address ?? ""),
      error: () => problem(500, "this request caused an error in bs9, which is a bug"),
    });
    return { port: server.port ?? port, stop: () => server.stop(true) };
  } catch (error) {
    const taken = errnoOf(error) === "EADDRINUSE";
    const why = taken ? "the port is taken" : plainErrno(error);
    throw failed(`cannot listen on ${host}:${port}: ${why}`, { cause: error, ...(taken ? { hint: `ss -ltnp 'sport = :${port}'` } : {}) });
  }
}
