// Programs of Debian that speak to bs9 web: nginx, promtool and Prometheus. Where one is missing, its tests are skipped, and say so.
import { delimiter } from "node:path";

const path = [process.env["PATH"] ?? "", "/usr/sbin", "/usr/local/sbin"].join(delimiter);

/** The path of the program; null where it is not installed, which is printed. */
export function peer(name: string, debianPackage: string): string | null {
  const found = Bun.which(name, { PATH: path });
  if (found === null) console.error(`skipped: ${name} is not installed; on Debian: apt-get install ${debianPackage}`);
  return found;
}

/** A port that was free a moment ago. */
export function freePort(): number {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const port = server.port ?? 0;
  void server.stop(true);
  return port;
}
