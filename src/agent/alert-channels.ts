// Keeps the channels of alerts as alerts.json configures them: opens them again when the configuration has changed.
import { existsSync } from "node:fs";
import type { ChannelGround } from "../alerting/channels/channels.ts";
import type { AlertConfig } from "../alerting/config/config.ts";
import type { AlertEvent, AlertMessage } from "../alerting/message.ts";
import { Deliveries, hasChannel, spoolFile } from "../alerting/spool/deliver.ts";
import type { Notice } from "../backend/notice.ts";
import { reasonOf } from "../base/errors.ts";

type Wanted = Pick<AlertConfig, "channels" | "heartbeat">;

export class AlertChannels {
  readonly #ground: ChannelGround & { state: string };
  #open: Deliveries | null = null;
  #closing: Promise<void> | null = null;
  #wanted: Wanted | null = null;
  /** The configuration that `#open` was made with. */
  #used: Wanted | null = null;
  #trouble: string | null = null;

  constructor(ground: ChannelGround & { state: string }) {
    this.#ground = ground;
  }

  /** Called in each turn. While this returns false, messages cannot be taken, and have to wait: also where there is no channel. */
  use({ enabled, channels, heartbeat }: AlertConfig): boolean {
    this.#wanted = enabled ? { channels, ...(heartbeat === undefined ? {} : { heartbeat }) } : nothing;
    if (this.#open?.isDamaged === true) this.#used = null;
    if (this.#closing === null && !Bun.deepEquals(this.#wanted, this.#used, true)) this.#renew();
    return this.#closing === null && this.#used !== null && hasChannel(channels);
  }

  /** Returns the events that are new. Throws where the message cannot be written. */
  put(message: AlertMessage): readonly AlertEvent[] {
    return this.#open?.put(message) ?? [];
  }

  /** Called after each turn of the loop. */
  turned(): void {
    this.#open?.turned();
  }

  notices(): Notice[] {
    const own: Notice[] = this.#trouble === null ? [] : [{ kind: "alerts", subject: "alerts", what: this.#trouble, fix: "df -h" }];
    return [...own, ...(this.#open?.notices() ?? []).map((one) => ({ kind: "alerts" as const, ...one }))];
  }

  async close(): Promise<void> {
    await this.#closing;
    await this.#open?.close();
    this.#open = null;
  }

  /** The old channels are closed first, because two queues of one process would both send the same message. */
  #renew(): void {
    const old = this.#open;
    this.#open = null;
    this.#used = null;
    if (old === null) this.#begin();
    else
      this.#closing = old.close().finally(() => {
        this.#closing = null;
      });
  }

  #begin(): void {
    const wanted = this.#wanted ?? nothing;
    const { state, ...ground } = this.#ground;
    try {
      // Without a channel the spool is opened all the same, so that what waits for channels that were removed is dropped and told.
      if (hasAny(wanted) || existsSync(spoolFile(state))) this.#open = new Deliveries({ file: spoolFile(state), ...wanted, ...ground });
      this.#used = wanted;
      this.#trouble = null;
    } catch (error) {
      this.#trouble = `alerts wait, because their channels cannot be opened: ${reasonOf(error)}`;
    }
  }
}

const nothing: Wanted = { channels: { webhooks: [] } };

const hasAny = ({ channels, heartbeat }: Wanted): boolean => heartbeat !== undefined || hasChannel(channels);
