// Sends an entry with fields to the journal over its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL).
import { sendDatagram } from "./libc.ts";

const journalFieldsSocket = "/run/systemd/journal/socket";

/** Throws where journald does not run, or does not accept the entry now. */
export async function writeJournal(fields: Record<string, string>, socket = journalFieldsSocket): Promise<void> {
  const entry = Object.entries(fields).map(([name, value]) => `${name}=${value.replaceAll("\n", " ")}\n`);
  if (!(await sendDatagram(socket, Buffer.from(entry.join(""))))) throw new Error(`journald does not accept messages at ${socket}`);
}
