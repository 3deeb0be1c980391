// Lines to the journal over a connection of their own, as systemd-cat(1) makes it, without its two processes.

/** Where journald listens for streams, see sd_journal_stream_fd(3). */
export const journalSocket = "/run/systemd/journal/stdout";

/** Identifier, unit (journald finds it), priority, whether lines may begin with `<N>`, and no forwarding to syslog, kmsg, console. */
export const streamHead = (identifier: string): Uint8Array => Buffer.from(`${identifier}\n\n6\n1\n0\n0\n0\n`);

/**
 * Writes a line of at most a few KiB to the journal. Resolves when journald's socket has it, so that it arrives although this
 * process ends; also resolves, without a word, after `timeoutMs` and where journald is not there or does not read.
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
