// Sends one mail in a process of its own, because the trusted certificates are read when a process starts: `bun send-mail.ts CONFIG`.
import { mail } from "../../src/alerting/channels/mail.ts";
import { messageNamed } from "./messages.ts";

const channel = mail(JSON.parse(process.argv[2] ?? ""), { home: "/" });
console.log(JSON.stringify(await channel.send(messageNamed("m1"), AbortSignal.timeout(5000))));
