// The system calls that give stderr its own connection to the journal. systemd gives both streams of a unit the same
// connection, so that journald cannot tell them apart. The connection is made as systemd-cat(1) makes it
// (sd_journal_stream_fd(3)).
import { journalSocket, streamHead } from "../../../base/journal-stream.ts";
import type { Numbers } from "./numbers.ts";
import { Label, type Table } from "./table.ts";

const STDERR = 2;
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SHUT_RD = 0;
const F_SETFL = 4;
/** The size that systemd asks for; the kernel limits it to net.core.wmem_max. */
const sendBufferBytes = 8 * 1024 * 1024;
/** Space for the address of the peer. */
const addressBytes = 128;

/**
 * Where stderr is not a socket (a log file, or /dev/null because journald does not run), or journald cannot be reached, stderr
 * stays unchanged: a service must also start without the journal. connect(2) is non-blocking, because the queue of a journald
 * that hangs is full.
 */
export function connectStderr(table: Table, numbers: Numbers, identifier: string, socket = journalSocket): void {
  const asItIs = new Label();
  const close = new Label();
  const descriptor = table.words(0n);
  const peer = [table.bytes(new Uint8Array(addressBytes)), table.words(BigInt(addressBytes))];
  table.call(numbers.getpeername, [STDERR, ...peer], { orElse: asItIs });
  table.call(numbers.socket, [AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0], { into: descriptor, orElse: asItIs });
  const fd = { valueAt: descriptor };
  const address = addressOf(socket);
  table.call(numbers.connect, [fd, table.bytes(address), address.length], { orElse: close });
  table.attempt(numbers.shutdown, [fd, SHUT_RD]);
  table.attempt(numbers.setsockopt, [fd, SOL_SOCKET, SO_SNDBUF, table.words(BigInt(sendBufferBytes)), 4]);
  const head = streamHead(identifier);
  table.call(numbers.write, [fd, table.bytes(head), head.length], { orElse: close });
  // Without O_NONBLOCK a write blocks, as programs expect of stderr.
  table.call(numbers.fcntl, [fd, F_SETFL, 0], { orElse: close });
  table.attempt(numbers.dup3, [fd, STDERR, 0]);
  table.mark(close);
  table.attempt(numbers.close, [fd]);
  table.mark(asItIs);
}

/** struct sockaddr_un: the family, then the path. */
function addressOf(path: string): Uint8Array {
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  return Buffer.concat([family, Buffer.from(`${path}\0`)]);
}
