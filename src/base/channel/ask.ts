// The client of a channel: sends one request and reads one reply; retries a connection that brings no reply.
import { failed } from "../errors.ts";
import { isLocked } from "../lock.ts";
import { shellWord } from "../text.ts";
import { busyLine, type Channel, headOf, keyFrom, maxHeadBytes } from "./head.ts";

export type Side = { path: string; keyFile: string; channel: Channel };

export type AskOptions = {
  timeoutMs: number;
  /** Makes the error to throw when no answer has come within `timeoutMs`. */
  late: () => Error;
  /**
   * The file that the server keeps locked while it runs. Bun 1.4 reports a full listen backlog as a refused connection, as if
   * nobody listened; the lock tells the two apart. If null, a refused connection means that no server runs.
   */
  lock: string | null;
};

/** How long a running server may refuse or break connections before the client gives up. */
const patienceMs = 10_000;
const shortestPauseMs = 10;
const longestPauseMs = 60;

type Outcome = { kind: "answer"; text: string } | { kind: "refused" | "busy" | "broken" | "too-long" | "late" };

/**
 * Returns the text of the answer, or null if no server runs. Throws the error that `late` makes, an error if a running server
 * answers none of the connections, and an error if the question or the answer is too long.
 */
export async function ask({ path, keyFile, channel }: Side, question: unknown, options: AskOptions): Promise<string | null> {
  const { timeoutMs, late, lock } = options;
  const beganMs = performance.now();
  const line = `${JSON.stringify(question)}\n`;
  if (maxHeadBytes + Buffer.byteLength(line) > channel.maxQuestionBytes)
    throw failed(`the request to the ${channel.who} is longer than ${channel.maxQuestionBytes} bytes`);
  for (;;) {
    // Read the key again for each attempt: a server that is starting writes it only now.
    const key = keyFrom(keyFile);
    const text = `${headOf(channel, key)}${line}`;
    const outcome = await askOnce(path, text, channel.maxAnswerBytes, timeoutMs - (performance.now() - beganMs));
    // A server that starts writes its key and then listens. A question that was sent in between without the key is sent again.
    if (outcome.kind === "answer" && key === "" && keyFrom(keyFile) !== "") continue;
    if (outcome.kind === "answer") return outcome.text;
    if (outcome.kind === "late") throw late();
    if (outcome.kind === "too-long") throw failed(`the answer of the ${channel.who} is longer than ${channel.maxAnswerBytes} bytes`);
    const isAlive = outcome.kind === "busy" || (lock === null ? outcome.kind === "broken" : await isLocked(lock));
    if (!isAlive) return null;
    if (performance.now() - beganMs > Math.min(timeoutMs, patienceMs)) throw unheard(path, channel, outcome.kind);
    // A random pause, so that several clients do not retry at the same time.
    await Bun.sleep(shortestPauseMs + Math.random() * (longestPauseMs - shortestPauseMs));
  }
}

function unheard(path: string, { who }: Channel, kind: "refused" | "busy" | "broken"): Error {
  const why = {
    refused: `the ${who} runs, but it accepts no connection`,
    busy: `the ${who} runs, but other processes keep all of its connections busy`,
    broken: `the ${who} runs, but it ends each connection without an answer`,
  };
  return failed(why[kind], { hint: `ss -xp | grep ${shellWord(path)}` });
}

function askOnce(path: string, line: string, maxBytes: number, timeoutMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let rest = Buffer.from(line);
    let opened: Bun.Socket | null = null;
    let isSettled = false;
    const settle = (outcome: Outcome) => {
      isSettled = true;
      clearTimeout(timer);
      resolve(outcome);
      opened?.terminate();
    };
    const timer = setTimeout(() => settle({ kind: "late" }), Math.max(0, timeoutMs));
    const write = (socket: Bun.Socket) => {
      opened = socket;
      if (isSettled) return void socket.terminate();
      rest = rest.subarray(Math.max(0, socket.write(rest)));
    };
    Bun.connect({
      unix: path,
      socket: {
        open: write,
        drain: write,
        data: (_, chunk) => {
          bytes += chunk.length;
          chunks.push(Buffer.from(chunk));
          if (bytes > maxBytes) settle({ kind: "too-long" });
        },
        close: () => settle(outcomeOf(Buffer.concat(chunks).toString("utf8"))),
        connectError: () => settle({ kind: "refused" }),
        error: () => {},
      },
    }).catch(() => settle({ kind: "refused" }));
  });
}

/** An answer without a final newline was broken off. */
function outcomeOf(text: string): Outcome {
  if (text === busyLine) return { kind: "busy" };
  return text.endsWith("\n") ? { kind: "answer", text } : { kind: "broken" };
}
