// Follows the events of the server over one WebSocket. After a break it goes on where it was; where no WebSocket comes about, as
// behind some proxies, it polls. A page that nobody sees has no connection.
import type { ModelEvent } from "../../../status/events.ts";
import type { Observed, Status } from "../../../status/schema.ts";
import type { AlertsSeen } from "../../source.ts";
import type { HostAnswer } from "../host/host.ts";
import { apiGet, apiUrl, isLoggedOut } from "./api.ts";

export type StreamState = "connecting" | "live" | "polling" | "paused";

export type StreamOptions = {
  onEvent(event: ModelEvent): void;
  onState(state: StreamState): void;
  /** The session has ended. */
  onLoggedOut(): void;
};

const [firstRetryMs, lastRetryMs] = [500, 15_000];
const pollMs = 5000;
/** After this many attempts in a row without an event the page polls beside. */
const attemptsBeforePolling = 3;
const loggedOutCode = 4401;

export class EventStream {
  readonly #options: StreamOptions;
  #socket: WebSocket | null = null;
  #place: { stream: string; seq: number } | null = null;
  #attempts = 0;
  #retry: number | null = null;
  #poll: number | null = null;
  #isOn = false;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    document.addEventListener("visibilitychange", this.#seen);
    this.#seen();
  }

  stop(): void {
    this.#isOn = false;
    document.removeEventListener("visibilitychange", this.#seen);
    this.#rest();
  }

  readonly #seen = (): void => {
    if (document.visibilityState === "hidden") {
      this.#rest();
      this.#options.onState("paused");
    } else if (this.#isOn && this.#socket === null && this.#retry === null) this.#connect();
  };

  #rest(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#poll !== null) clearTimeout(this.#poll);
    this.#retry = null;
    this.#poll = null;
    this.#attempts = 0;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #connect(): void {
    this.#retry = null;
    const url = apiUrl("api/events", this.#place === null ? {} : { stream: this.#place.stream, after: this.#place.seq });
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.#socket = socket;
    if (this.#poll === null) this.#options.onState("connecting");
    socket.addEventListener("message", (event) => {
      if (this.#socket === socket && typeof event.data === "string") this.#take(JSON.parse(event.data));
    });
    socket.addEventListener("close", ({ code }) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      if (code === loggedOutCode) this.#options.onLoggedOut();
      else this.#again();
    });
  }

  #again(): void {
    this.#attempts++;
    if (this.#attempts >= attemptsBeforePolling && this.#poll === null) void this.#ask();
    if (this.#poll === null) this.#options.onState("connecting");
    const waitMs = Math.min(lastRetryMs, firstRetryMs * 2 ** (this.#attempts - 1));
    // Many pages that lost the same server must not come back in the same moment.
    this.#retry = window.setTimeout(() => this.#connect(), waitMs * (0.75 + Math.random() / 2));
  }

  #take(message: { stream: string; resumed: boolean } | { seq: number; event: ModelEvent }): void {
    if ("stream" in message) {
      if (!message.resumed) this.#place = { stream: message.stream, seq: 0 };
      return;
    }
    this.#attempts = 0;
    if (this.#poll !== null) clearTimeout(this.#poll);
    this.#poll = null;
    if (this.#place !== null) this.#place.seq = message.seq;
    this.#options.onEvent(message.event);
    this.#options.onState("live");
  }

  async #ask(): Promise<void> {
    this.#poll = window.setTimeout(() => void this.#ask(), pollMs);
    try {
      const [{ at, services }, { alerts }, { figures }] = await Promise.all([
        apiGet<{ at: string; services: Status[] }>("api/metrics"),
        apiGet<AlertsSeen>("api/alerts"),
        apiGet<HostAnswer>("api/host"),
      ]);
      if (this.#poll === null) return;
      const snapshot = { atMs: Date.parse(at), services: services.map(observedOf), added: [], notices: [], warnings: [] };
      this.#options.onEvent({ kind: "snapshot", snapshot: { ...snapshot, alerts, host: figures } });
      this.#options.onState("polling");
    } catch (error) {
      if (isLoggedOut(error)) this.#options.onLoggedOut();
      else if (this.#poll !== null) this.#options.onState("connecting");
    }
  }
}

/** A status says less than the stream does: a service that has a reason is taken as one that should run. */
function observedOf(status: Status): Observed {
  return { status, wanted: status.reason !== null, end: null, nextStartMs: null, outcome: null, unwell: null, served: null };
}
