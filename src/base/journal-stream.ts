// Sends lines to the journal over a separate connection, as systemd-cat(1) does, but without starting its two processes.

/** The socket on which journald accepts streams (sd_journal_stream_fd(3)). */
export const journalSocket = "/run/systemd/journal/stdout";

/**
 * Identifier, unit (journald finds it), priority, whether lines may begin with `<N>`, and no forwarding to syslog, kmsg and
 * console.
 */
export const streamHead = (identifier: string): Uint8Array => Buffer.from(`${identifier}\n\n6\n1\n0\n0\n0\n`);

/**
 * Sends a line of at most a few KiB to the journal. Resolves when the socket of journald has accepted the line, so that it
 * arrives even if this process ends. Also resolves, without an error, after `timeoutMs` and where journald does not run or does
 * not read.
 */
export function tellJournal(identifier: string, line: string, timeoutMs: number, socket = journalSocket): Promise<void> {
  return new Promise((resolve) => {
    let rest: Uint8Array = Buffer.concat([streamHead(identifier), Buffer.from(`${line}\n`)]);
    let opened: Bun.Socket | null = null;
    const settle = () => {
      clearTimeout(timer);
      opened?.end();
      resolve();
    };
    const timer = setTimeout(() => {
      opened?.terminate();
      settle();
    }, timeoutMs);
    const write = (to: Bun.Socket) => {
      opened = to;
      rest = rest.subarray(Math.max(0, to.write(rest)));
      if (rest.length === 0) settle();
    };
    Bun.connect({
      unix: socket,
      socket: { open: write, drain: write, data() {}, error: settle, close: settle, connectError: settle },
    }).catch(settle);
  });
}
