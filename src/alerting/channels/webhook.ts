// The channel that sends messages as HTTP requests, signed as Standard Webhooks describes (standardwebhooks.com).
import { whyOf } from "../../base/errors.ts";
import type { WebhookConfig } from "../config/config.ts";
import { bodyOf } from "./body.ts";
import { type AlertChannel, declined, unreachable } from "./channel.ts";
import { request } from "./post.ts";
import { secretOf } from "./secret.ts";
import { maxTemplated } from "./template.ts";

export function webhook(config: WebhookConfig, { home, now }: { home: string; now: () => number }): AlertChannel {
  return {
    address: `webhook-${new Bun.CryptoHasher("sha256").update(config.url).digest("hex").slice(0, 16)}`,
    name: `webhook ${shownUrl(config.url)}`,
    async send(message, signal) {
      try {
        const made = bodyOf(config, message);
        // The next messages may be shorter, and must not wait for this one.
        if (made === null) return declined(`the body made from the template would have more than ${maxTemplated} characters`);
        const { text, headers } = made;
        const secret = secretOf(config.secret, config.secretFile, home);
        const seconds = Math.floor(now() / 1000);
        const signature = secret === null ? {} : { "webhook-signature": signatureOf(secret, { id: message.id, seconds, body: text }) };
        const own = { "webhook-id": message.id, "webhook-timestamp": String(seconds), ...signature };
        return await request({ url: config.url, method: "POST", headers: { ...headers, ...own }, body: text }, signal);
      } catch (error) {
        return unreachable(whyOf(error));
      }
    },
  };
}

/** `v1,` and the HMAC-SHA256 of `id.timestamp.body` in Base64; the key of a secret with `whsec_` is its rest, in Base64. */
function signatureOf(secret: string, { id, seconds, body }: { id: string; seconds: number; body: string }): string {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice("whsec_".length), "base64") : secret;
  return `v1,${new Bun.CryptoHasher("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64")}`;
}

/** The path of the address of a receiver such as Slack is its secret. */
export function shownUrl(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}/…`;
}
