// The configuration of alerts without its secrets, for output and for the trail. Pure.

import { shownUrl } from "../channels/webhook.ts";
import type { AlertFile } from "./config.ts";

const mask = "***";

/** The path of a URL is masked too, because the address of a webhook is what allows to write to its channel. */
export function maskedAlerts<F extends Pick<AlertFile, "channels" | "heartbeat">>(file: F): F {
  const { channels, heartbeat } = file;
  return {
    ...file,
    ...(channels === undefined ? {} : { channels: maskedChannels(channels) }),
    ...(heartbeat === undefined ? {} : { heartbeat: { ...heartbeat, url: shownUrl(heartbeat.url) } }),
  };
}

function maskedChannels(channels: NonNullable<AlertFile["channels"]>): NonNullable<AlertFile["channels"]> {
  const { command, mail, webhooks } = channels;
  return {
    ...channels,
    ...(webhooks === undefined
      ? {}
      : {
          webhooks: webhooks.map((one) => ({
            ...one,
            url: shownUrl(one.url),
            ...(one.secret === undefined ? {} : { secret: mask }),
            ...(one.template === undefined ? {} : { template: mask }),
          })),
        }),
    ...(mail === undefined ? {} : { mail: { ...mail, ...(mail.password === undefined ? {} : { password: mask }) } }),
    // Arguments of a program may be secrets.
    ...(command === undefined ? {} : { command: { argv: command.argv.map((word, i) => (i === 0 ? word : mask)) } }),
  };
}
