// Puts numbered messages into a spool and delivers them until it is killed: `bun sender.ts SPOOL URL FIRST`. Reports each message that
// is on the disk.
import { Deliveries } from "../../src/alerting/spool/deliver.ts";
import { messageNamed } from "./messages.ts";

const [, , file = "", url = "", first = "0"] = process.argv;
const deliveries = new Deliveries({
  file,
  channels: { webhooks: [{ url }] },
  home: "/",
  now: Date.now,
  run: () => Promise.reject(new Error("there is no command")),
  pace: { attemptMs: 1000, firstMs: 20, longestMs: 200 },
});
for (let n = Number(first); ; n++) {
  deliveries.put(messageNamed(`m${n}`));
  process.stdout.write(`${n}\n`);
  await Bun.sleep(5);
}
