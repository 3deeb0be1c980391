// HTTP requests into the network of a lab, through one process that stays there: starting curl for each request that a test
// repeats until a condition holds took 15 % of the CPU time of a test run.

export type Asked = { port: number; path?: string; body?: string; timeoutMs?: number };
export type Answer = { status: number; text: string };

type Request = Asked & { id: number };
type Reply = { id: number } & (Answer | { error: string });

/** Sends requests from inside the network namespace of a process. */
export class LabFetch {
  #next = 1;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  readonly #child;

  /** `nsenter`: the command that enters the network namespace, such as `nsenter --target PID --net`. */
  constructor(nsenter: string[]) {
    this.#child = Bun.spawn([...nsenter, process.execPath, import.meta.path], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    // The process ends with the pipe, and must not keep the test file from ending.
    this.#child.unref();
    void this.#read();
  }

  /** The answer, whatever its status; throws where there is none, for example after a refused connection. */
  async ask(asked: Asked): Promise<Answer> {
    const id = this.#next++;
    const { promise, resolve } = Promise.withResolvers<Reply>();
    this.#waiting.set(id, resolve);
    this.#child.stdin.write(`${JSON.stringify({ ...asked, id } satisfies Request)}\n`);
    this.#child.stdin.flush();
    const reply = await promise;
    if ("error" in reply) throw new Error(`port ${asked.port} does not answer: ${reply.error}`);
    return reply;
  }

  close(): void {
    this.#child.kill();
  }

  async #read(): Promise<void> {
    for await (const line of linesOf(this.#child.stdout)) {
      const reply = JSON.parse(line) as Reply;
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    }
    for (const [id, resolve] of this.#waiting) resolve({ id, error: "the process that asks has ended" });
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

async function answer({ id, port, path = "/", body, timeoutMs = 10_000 }: Request): Promise<Reply> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      ...(body === undefined ? {} : { method: "POST", body }),
      // A kept connection might lead to a process that a test has killed meanwhile.
      keepalive: false,
      headers: { connection: "close" },
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { id, status: response.status, text: await response.text() };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}

if (import.meta.main) {
  for await (const line of linesOf(Bun.stdin.stream())) {
    void answer(JSON.parse(line) as Request).then((reply) => process.stdout.write(`${JSON.stringify(reply)}\n`));
  }
}
