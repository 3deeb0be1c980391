// The one connection that reads go over; made at the first read, and made again when it broke off.
import { Bus } from "./bus.ts";

/** Where none answers, not every read is to wait for it. */
const noBusMs = 10_000;

export class Connection {
  readonly #runtimeDir: string;
  #bus: Promise<Bus | null> | null = null;
  #againMs = Number.POSITIVE_INFINITY;

  constructor(runtimeDir: string) {
    this.#runtimeDir = runtimeDir;
  }

  bus(): Promise<Bus | null> {
    if (performance.now() > this.#againMs) this.#bus = null;
    this.#bus ??= Bus.connect(this.#runtimeDir).then((bus) => {
      this.#againMs = bus === null ? performance.now() + noBusMs : Number.POSITIVE_INFINITY;
      return bus;
    });
    return this.#bus;
  }

  /** One that broke off: the next read makes another, unless one is there by now. */
  async drop(broken: Bus): Promise<void> {
    broken.close();
    const present = this.#bus;
    if (present !== null && (await present) === broken && this.#bus === present) this.#bus = null;
  }

  close(): void {
    void this.#bus?.then((bus) => bus?.close());
    this.#bus = null;
  }
}
