// Listens on the port: takes a renewed certificate over, and drops all connections before they use up the file descriptors.
import { readdirSync } from "node:fs";
import { errnoOf, failed, reasonOf } from "../base/errors.ts";
import { plainErrno } from "../base/files.ts";
import { readProc } from "../base/proc.ts";
import type { Certificate, CertificateText } from "./certificate.ts";
import type { SocketState } from "./socket.ts";

type Options = {
  host: string;
  port: number;
  certificate: Certificate | null;
  /** Told why a renewed certificate cannot be used; the previous one stays. */
  warn: (text: string) => void;
  serving: Omit<Bun.Serve.Options<SocketState>, "hostname" | "port" | "tls" | "unix"> & Record<string, unknown>;
};

const watchMs = 1000;
const mostConnections = 20_000;

export class Listening {
  readonly #options: Options;
  readonly #watching: Timer;
  readonly #maxDescriptors: number;
  readonly #port: number;
  /** Kept, because without a free file descriptor no file can be read. */
  #text: CertificateText | null;
  /** Null where the port could not be opened again; the next look tries once more. */
  #server: Bun.Server<SocketState> | null;

  /** Throws where the port is taken, and where the certificate cannot be used. */
  constructor(options: Options) {
    this.#options = options;
    // The other half of the descriptors is left to the work of the server itself: without it no request could be answered.
    this.#maxDescriptors = Math.min(mostConnections, maxOpenFiles() / 2);
    this.#text = options.certificate?.read() ?? null;
    const server = this.#open(options.port, this.#text);
    this.#server = server;
    this.#port = server.port ?? options.port;
    this.#watching = setInterval(() => this.#watch(), watchMs);
    this.#watching.unref();
  }

  get port(): number {
    return this.#port;
  }

  async stop(): Promise<void> {
    clearInterval(this.#watching);
    await this.#server?.stop(true);
  }

  #watch(): void {
    const { certificate, warn } = this.#options;
    try {
      // Bun gives no handle on a connection that has sent nothing, so all connections are closed. Those that send nothing are gone
      // then, clients of the API ask again, and WebSockets resume where they were.
      if (this.#server === null || hasMoreThan(this.#maxDescriptors)) this.#openAgain(this.#text, true);
      if (certificate?.hasChanged() === true) this.#renew(certificate);
    } catch (error) {
      warn(reasonOf(error));
    }
  }

  /** Requests and WebSockets that are open keep the previous certificate until they end. */
  #renew(certificate: Certificate): void {
    const text = certificate.read();
    // A trial on another port: certificate and key are replaced one after the other, and do not fit in between.
    void this.#open(0, text, "127.0.0.1").stop(true);
    this.#openAgain(text, false);
  }

  #openAgain(text: CertificateText | null, closesConnections: boolean): void {
    this.#text = text;
    void this.#server?.stop(closesConnections);
    this.#server = null;
    this.#server = this.#open(this.#port, text);
  }

  #open(port: number, tls: CertificateText | null, hostname = this.#options.host): Bun.Server<SocketState> {
    try {
      // Without `reusePort: false` Bun may share the port with another server of this user.
      const place = { hostname, port, reusePort: false, ...(tls === null ? {} : { tls }) };
      return Bun.serve<SocketState>({ ...this.#options.serving, ...place } as Parameters<typeof Bun.serve<SocketState>>[0]);
    } catch (error) {
      const taken = errnoOf(error) === "EADDRINUSE";
      const why = taken ? "the port is taken" : plainErrno(error);
      // OpenSSL's errors have codes such as ERR_OSSL_X509_KEY_VALUES_MISMATCH.
      if (tls !== null && !/^E[A-Z\d]+$/.test(errnoOf(error) ?? ""))
        throw failed(`the certificate and its key cannot be used: ${reasonOf(error)}`, { cause: error, hint: "bs9 help web" });
      throw failed(`cannot listen on ${hostname}:${port}: ${why}`, {
        cause: error,
        ...(taken ? { hint: `ss -ltnp 'sport = :${port}'` } : {}),
      });
    }
  }
}

/** True as well where no file descriptor is left to count them with. */
function hasMoreThan(descriptors: number): boolean {
  try {
    return readdirSync("/proc/self/fd").length > descriptors;
  } catch (error) {
    return errnoOf(error) === "EMFILE";
  }
}

/** The soft limit of proc_pid_limits(5), which Bun raises to the hard one; 1024 where it cannot be read. */
function maxOpenFiles(): number {
  const [, soft] = /^Max open files +(\d+)/m.exec(readProc("self/limits") ?? "") ?? [];
  return soft === undefined ? 1024 : Number(soft);
}
