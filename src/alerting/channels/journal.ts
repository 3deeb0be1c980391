// The channel that writes one entry into systemd's journal for each event, with the fields of the event.
import { reasonOf } from "../../base/errors.ts";
import { writeJournal } from "../../base/journal-fields.ts";
import type { AlertEvent } from "../message.ts";
import { type AlertChannel, taken, unreachable } from "./channel.ts";
import { oneLine } from "./sentence.ts";

const maxField = 2000;
/** syslog(3). */
const priorityOf = { critical: "3", warning: "4" } as const;
const resolvedPriority = "5";

export function journal(socket?: string): AlertChannel {
  return {
    address: "journal",
    name: "journal",
    async send({ id, events }) {
      try {
        if (events.length === 0)
          await writeJournal(
            { MESSAGE: "test of the alert channels", PRIORITY: "6", SYSLOG_IDENTIFIER: identifier, BS9_MESSAGE_ID: id },
            socket,
          );
        for (const event of events) await writeJournal(fieldsOf(event, id), socket);
        return taken(`written; read it with: journalctl --user -t ${identifier}`);
      } catch (error) {
        return unreachable(reasonOf(error));
      }
    },
  };
}

const identifier = "bs9-alert";

function fieldsOf({ id, rule, kind, subject, severity, sentence }: AlertEvent, messageId: string): Record<string, string> {
  return {
    MESSAGE: oneLine(kind === "resolved" ? `resolved: ${sentence}` : sentence, maxField),
    PRIORITY: kind === "resolved" ? resolvedPriority : priorityOf[severity],
    SYSLOG_IDENTIFIER: identifier,
    BS9_SUBJECT: oneLine(subject, maxField),
    BS9_RULE: oneLine(rule, maxField),
    BS9_KIND: kind,
    BS9_ALERT_ID: id,
    BS9_MESSAGE_ID: messageId,
  };
}
