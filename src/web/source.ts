// What the server reads and does, as an interface: commands/web-source.ts makes it from the context of a command.
import type { ChannelTrial } from "../alerting/channels/trial.ts";
import type { AlertNow } from "../alerting/evaluation/kept.ts";
import type { Quiet } from "../alerting/evaluation/silences.ts";
import type { AlertEvent } from "../alerting/message.ts";
import type { Finding } from "../backend/finding.ts";
import type { Acted } from "../lifecycle/acted.ts";
import type { Description } from "../lifecycle/describe.ts";
import type { LogQuery, RawLine } from "../logs/query.ts";
import type { ModelEvent } from "../status/events.ts";
import type { FollowOptions } from "../status/model.ts";
import type { Observed, Snapshot, Status } from "../status/schema.ts";
import type { StorageReader } from "../storage/storage.ts";
import type { TrailRecord, Who } from "../trail/record.ts";
import type { AccessLevel } from "./token.ts";

export type HttpAct = "start" | "stop" | "restart";

/** The client of a request, as the trail records it. */
export type HttpClient = NonNullable<Who["http"]>;

export type AlertsSeen = {
  /** Null where no agent runs, which evaluates the rules. */
  alerts: AlertNow[] | null;
  silences: Quiet["silences"];
  /** What was told, the newest first. */
  history: AlertEvent[];
  /** The mistakes in alerts.json. */
  mistakes: string[];
};

export interface WebSource {
  /** The names of all defined services. */
  names(): string[];
  /** The status of all services, with the reason for each that is not well. */
  statuses(): Promise<Status[]>;
  /** The status of each of these services, with the reason for each that is not well. */
  explained(observed: readonly Observed[]): Promise<Status[]>;
  /** The state of all services and of the host. */
  snapshot(): Promise<Snapshot>;
  follow(options: FollowOptions): AsyncIterable<ModelEvent>;
  describe(name: string): Promise<Description>;
  logs(query: LogQuery, signal: AbortSignal): Promise<AsyncIterable<RawLine>>;
  readonly storage: Pick<StorageReader, "series" | "newest" | "services">;
  /** The records of the trail before this one (null: all), the newest first. */
  records(before: number | null): Iterable<TrailRecord>;
  findings(): Promise<Finding[]>;
  /** Acts on one service, and records in the trail who asked for it and from where. */
  act(verb: HttpAct, name: string, http: HttpClient): Promise<{ acted: Acted; status: Status | null }>;
  /** Records in the trail that a session was opened, and returns at once. */
  loggedIn(level: AccessLevel, way: "token" | "code", http: HttpClient): void;
  alerts(): Promise<AlertsSeen>;
  /** Returns the subject of the alert. Throws if no alert with this id fires. */
  acknowledge(id: string, http: HttpClient): Promise<string>;
  /** Silences the subject of an alert, or a service; null ends the silence. Returns the subject. */
  silence(idOrService: string, untilMs: number | null, http: HttpClient): Promise<string>;
  testAlerts(): Promise<ChannelTrial[]>;
}
