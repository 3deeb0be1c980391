// Makes the channels from the configuration, and finds what is doubtful in them.

import { isLoopback } from "../../base/loopback.ts";
import type { ChannelsConfig, HeartbeatConfig } from "../config/config.ts";
import type { AlertChannel } from "./channel.ts";
import { command, type RunProgram } from "./command.ts";
import { journal } from "./journal.ts";
import { mail } from "./mail.ts";
import { shownUrl, webhook } from "./webhook.ts";

export type ChannelGround = { home: string; now: () => number; run: RunProgram; journalSocket?: string };

export function channelsOf(config: ChannelsConfig, { home, now, run, journalSocket }: ChannelGround): AlertChannel[] {
  return [
    ...config.webhooks.map((one) => webhook(one, { home, now })),
    ...(config.mail === undefined ? [] : [mail(config.mail, { home })]),
    ...(config.command === undefined ? [] : [command(config.command.argv, run)]),
    ...(config.journal === true ? [journal(journalSocket)] : []),
  ];
}

/** The channels of a configuration, for those who send nothing. */
export function channelsNamed(config: ChannelsConfig): Pick<AlertChannel, "address" | "name">[] {
  const run = () => Promise.reject(new Error("nothing is sent"));
  return channelsOf(config, { home: "", now: Date.now, run });
}

/** Sentences on settings that work but should be changed. */
export function channelWarnings(config: ChannelsConfig, heartbeat: HeartbeatConfig | undefined): string[] {
  const clear = [...config.webhooks, ...(heartbeat === undefined ? [] : [heartbeat])].filter(({ url }) => isClearText(url));
  const { mail: server } = config;
  return [
    ...clear.map(({ url }) => `${shownUrl(url)} is not encrypted: everybody on the way can read and change the messages; use https://`),
    ...config.webhooks
      .filter(({ preset, template }) => preset !== undefined && template !== undefined)
      .map(({ url }) => `the webhook ${shownUrl(url)} has a preset and a template: the preset is not used`),
    ...(server?.tls === "off" && !isLoopback(server.host)
      ? [
          `mail to ${server.host} is not encrypted: everybody on the way can read it${server.user === undefined ? "" : ", and the password"}`,
        ]
      : []),
  ];
}

function isClearText(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !isLoopback(hostname);
}
