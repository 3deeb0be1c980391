// The configuration of alerts without its secrets, for output and for the trail. Pure.

import { shownUrl } from "../channels/webhook.ts";
import type { AlertFile } from "./config.ts";

const mask = "***";

type Maskable = Pick<AlertFile, "channels" | "heartbeat"> & { certificates?: readonly { url?: string | undefined }[] | undefined };

/** The path of a URL is masked too, because the address of a webhook is what allows to write to its channel. */
export function maskedAlerts<F extends Maskable>(file: F): F {
  const { certificates, channels, heartbeat } = file;
  return {
    ...file,
    ...(channels === undefined ? {} : { channels: maskedChannels(channels) }),
    ...(heartbeat === undefined ? {} : { heartbeat: { ...heartbeat, url: shownUrl(heartbeat.url) } }),
    ...(certificates === undefined ? {} : { certificates: certificates.map(maskedCertificate) }),
  };
}

/** Only the host of the URL is used to look at a certificate, but a user may have copied the URL with a password in it. */
function maskedCertificate<C extends { url?: string | undefined }>(rule: C): C {
  const url = rule.url === undefined ? null : URL.parse(rule.url);
  if (url === null || (url.username === "" && url.password === "")) return rule;
  if (url.username !== "") url.username = mask;
  if (url.password !== "") url.password = mask;
  return { ...rule, url: url.href };
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
