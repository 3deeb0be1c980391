// Delivers alerts: puts messages into the spool on disk, and sends them from there through each channel in a queue of its own.
import { join } from "node:path";
import { reasonOf } from "../../base/errors.ts";
import { type ChannelGround, channelsOf } from "../channels/channels.ts";
import { Heartbeat } from "../channels/heartbeat.ts";
import { shownUrl } from "../channels/webhook.ts";
import type { ChannelsConfig, HeartbeatConfig } from "../config/config.ts";
import type { AlertEvent, AlertMessage } from "../message.ts";
import type { ChannelBacklog } from "./backlog.ts";
import { type Pace, Queue, usualPace } from "./queue.ts";
import type { spoolLimits } from "./retention.ts";
import { AlertSpool } from "./spool.ts";
import { isSpoolDamage } from "./spool-file.ts";

export const spoolFile = (state: string): string => join(state, "alerts", "spool.db");

export type DeliveryOptions = ChannelGround & {
  /** The file of the spool, see spoolFile(). */
  file: string;
  channels: ChannelsConfig;
  heartbeat?: HeartbeatConfig | undefined;
  pace?: Pace;
  /** Called when nothing waits any more. */
  onEmpty?: () => void;
  limits?: typeof spoolLimits;
};

/** Why alerts do not reach somebody: sentences without a full stop, each with a command line that shows more. */
export type DeliveryTrouble = { subject: string; what: string; fix: string };

/** How often the process looks for messages that another process has put into the spool. */
const lookMs = 1000;
/** A lost message is told for a day. */
const tellDroppedMs = 86_400_000;
/** A single failed attempt is normal, for example while a receiver restarts. */
const manyAttempts = 3;

/** Throws where the spool cannot be opened. To change the configuration, close it and make another one. */
export class Deliveries {
  readonly #spool: AlertSpool;
  readonly #queues: Queue[];
  readonly #heartbeat: { beat: Heartbeat; url: string } | null;
  readonly #timer: Timer;
  readonly #now: () => number;
  #puts = 0;
  /** The version of the spool, which changes when another process writes to it. */
  #version: number;
  #known: { stamp: string; backlogs: ReadonlyMap<string, ChannelBacklog> } | null = null;
  #trouble: string | null = null;
  /** The file of the spool is damaged: opened again, it is set aside. */
  isDamaged = false;

  constructor({ file, channels, heartbeat, pace = usualPace, limits, onEmpty, ...ground }: DeliveryOptions) {
    this.#now = ground.now;
    this.#spool = new AlertSpool(file, ground.now, limits);
    const all = channelsOf(channels, ground);
    let keys: string[];
    try {
      keys = this.#spool.use(all);
      this.#version = this.#spool.version();
    } catch (error) {
      this.#spool.close();
      throw error;
    }
    const onStep = () => {
      if (onEmpty !== undefined && this.#guarded(() => this.#spool.waiting(), 1) === 0) onEmpty();
    };
    this.#queues = all.map((channel, i) => new Queue(keys[i] ?? channel.address, channel, this.#spool, pace, onStep));
    this.#heartbeat = heartbeat === undefined ? null : { beat: new Heartbeat(heartbeat), url: heartbeat.url };
    this.#timer = setInterval(() => {
      const found = this.#guarded(() => this.#spool.version(), this.#version);
      if (found !== this.#version) this.#wake();
      this.#version = found;
    }, lookMs);
  }

  /**
   * Writes a message to the disk and returns its events that are new; those that were told before are left out. Throws where the spool cannot be written:
   * the caller keeps the message and tries again.
   */
  put(message: AlertMessage): readonly AlertEvent[] {
    const keys = this.#queues.map(({ key }) => key);
    this.#puts++;
    try {
      const events = this.#spool.put(message, keys);
      if (events !== null) this.#wake();
      return events ?? [];
    } catch (error) {
      if (isSpoolDamage(error)) this.isDamaged = true;
      throw error;
    }
  }

  /** To be called after each turn of the agent: the heartbeat shows that it does not hang. */
  turned(): void {
    this.#heartbeat?.beat.turned();
  }

  /** The number of messages that wait, each counted for each channel that has not taken it. */
  waiting(): number {
    return this.#spool.waiting();
  }

  notices(): DeliveryTrouble[] {
    const backlogs = this.#backlogs();
    const fix = "bs9 alert --test";
    const ofChannels = this.#queues.flatMap(({ key, name, trouble }) => {
      const { waiting = 0, attempts = 0, dropped = 0, droppedMs = 0 } = backlogs.get(key) ?? {};
      const isStuck = trouble !== null && attempts >= manyAttempts;
      const lost = this.#now() - droppedMs < tellDroppedMs ? dropped : 0;
      return [
        ...(isStuck ? [{ subject: name, what: `${messages(waiting)} cannot be sent through ${name}: ${trouble}`, fix }] : []),
        ...(lost > 0
          ? [{ subject: name, what: `${messages(lost)} for ${name} ${lost === 1 ? "is" : "are"} lost: refused, or not sent in time`, fix }]
          : []),
      ];
    });
    const ofRemoved = Array.from(backlogs.values()).flatMap(({ removed, dropped, droppedMs }) =>
      removed === null || dropped === 0 || this.#now() - droppedMs >= tellDroppedMs
        ? []
        : [
            {
              subject: removed,
              what: `${messages(dropped)} for ${removed} ${dropped === 1 ? "was" : "were"} dropped, because the channel was removed or turned off`,
              fix: "bs9 alert --list",
            },
          ],
    );
    const beat = this.#heartbeat;
    const missed = beat?.beat.trouble ?? null;
    const { damage } = this.#spool;
    return [
      ...ofChannels,
      ...ofRemoved,
      ...(beat === null || missed === null
        ? []
        : [{ subject: "heartbeat", what: `the heartbeat to ${shownUrl(beat.url)} fails: ${missed}`, fix }]),
      ...[damage, this.#trouble].flatMap((what) =>
        what === null ? [] : [{ subject: "spool of alerts", what, fix: "df -h; journalctl --user -u bs9-agent" }],
      ),
    ];
  }

  /** Ends within about a second; what was not sent stays in the spool. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#heartbeat?.beat.close();
    await Promise.all(this.#queues.map((queue) => queue.close()));
    this.#spool.close();
  }

  /** Read again only after this process or another one has changed the spool, because this is asked after each turn. */
  #backlogs(): ReadonlyMap<string, ChannelBacklog> {
    const stamp = [this.#version, this.#puts, ...this.#queues.map(({ steps }) => steps)].join(" ");
    if (this.#known?.stamp !== stamp) {
      const read = this.#guarded(() => this.#spool.backlogs(), null);
      this.#known = read === null ? null : { stamp, backlogs: new Map(read.map((one) => [one.channel, one])) };
    }
    return this.#known?.backlogs ?? new Map();
  }

  /** A spool that cannot be read now must not end the agent. */
  #guarded<T>(read: () => T, otherwise: T): T {
    try {
      const found = read();
      this.#trouble = null;
      return found;
    } catch (error) {
      this.#trouble = `the file in which alerts wait for their channels cannot be read: ${reasonOf(error)}`;
      if (isSpoolDamage(error)) this.isDamaged = true;
      return otherwise;
    }
  }

  #wake(): void {
    for (const queue of this.#queues) queue.wake();
  }
}

/** Whether messages are sent to anybody. */
export const hasChannel = ({ webhooks, mail, command, journal }: ChannelsConfig): boolean =>
  webhooks.length > 0 || mail !== undefined || command !== undefined || journal === true;

const messages = (count: number): string => (count === 1 ? "1 message" : `${count} messages`);
