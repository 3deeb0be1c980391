// Sends a test message through each channel at once, for `bs9 alert --test`.
import { randomHex } from "../../base/random.ts";
import type { ChannelsConfig, HeartbeatConfig } from "../config/config.ts";
import type { AlertChannel, Answer } from "./channel.ts";
import { type ChannelGround, channelsOf } from "./channels.ts";
import { callHeartbeat } from "./heartbeat.ts";
import { shownUrl } from "./webhook.ts";

export type ChannelTrial = { channel: string; ok: boolean; answer: string; tookMs: number };

export type TrialOptions = ChannelGround & {
  channels: ChannelsConfig;
  heartbeat?: HeartbeatConfig | undefined;
  host: string;
  timeoutMs: number;
};

/** One result for each channel, in the order of the configuration, and none later than the timeout. The spool is not used. */
export function testChannels({ channels, heartbeat, host, timeoutMs, ...ground }: TrialOptions): Promise<ChannelTrial[]> {
  const message = { version: 1 as const, id: `test-${randomHex(8)}`, host, atMs: ground.now(), events: [] };
  const beat: Pick<AlertChannel, "name" | "send">[] =
    heartbeat === undefined
      ? []
      : [
          {
            name: `heartbeat ${shownUrl(heartbeat.url)}`,
            send: (_, signal) => callHeartbeat(heartbeat.url, signal),
          },
        ];
  return Promise.all(
    [...channelsOf(channels, ground), ...beat].map(async ({ name, send }) => {
      const beganMs = performance.now();
      const { isTaken, answer } = await within(timeoutMs, (signal) => send(message, signal));
      return { channel: name, ok: isTaken, answer, tookMs: Math.round(performance.now() - beganMs) };
    }),
  );
}

async function within(timeoutMs: number, send: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
  const signal = AbortSignal.timeout(timeoutMs);
  const { promise, resolve } = Promise.withResolvers<Answer>();
  signal.addEventListener("abort", () => resolve({ isTaken: false, isRefused: false, answer: "no answer in time" }));
  return Promise.race([send(signal), promise]);
}
