// Runs journalctl and yields its output entry by entry; journalctl is ended when the AbortSignal is aborted, or when the caller
// stops reading.
import { failed } from "../../base/errors.ts";
import { cleanEnv } from "../../base/exec.ts";
import { harmless } from "../../base/text.ts";
import { ExportReader, type JournalFields } from "./export.ts";

export type JournalDeps = {
  uid: number;
  env: Record<string, string | undefined>;
};

const maxStderrBytes = 4096;

/** Yields journal entries from journalctl. If journalctl fails, throws a Bs9Error with its message. */
export async function* journalEntries(options: string[], deps: JournalDeps, signal: AbortSignal): AsyncGenerator<JournalFields> {
  if (signal.aborted) return;
  const child = start(["journalctl", "--quiet", "--no-pager", "--output=export", ...options], deps, signal);
  const complaint = firstBytes(child.stderr);
  let ours = false;
  try {
    const reader = new ExportReader();
    for await (const chunk of child.stdout) {
      for (const fields of reader.push(chunk)) {
        if (signal.aborted) return;
        yield fields;
      }
    }
    ours = true;
  } finally {
    if (!ours) child.kill();
  }
  const status = await child.exited;
  const words = await complaint;
  if (signal.aborted || status === 0 || isEmptiness(words)) return;
  throw failed(`journalctl failed: ${words === "" ? `it exited with ${status}` : words}`, { hint: "journalctl --verify" });
}

function start(argv: string[], deps: JournalDeps, signal: AbortSignal): Bun.Subprocess<"ignore", "pipe", "pipe"> {
  try {
    return Bun.spawn(argv, {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: cleanEnv({ ...deps.env, LC_ALL: "C.UTF-8", SYSTEMD_COLORS: "0" }),
      signal,
    });
  } catch (error) {
    throw failed("cannot read logs: journalctl is missing or cannot be executed", { hint: "command -v journalctl", cause: error });
  }
}

/** A missing or unreadable journal is not an error: there are no lines, and journalNotices says why. */
function isEmptiness(words: string): boolean {
  return words === "" || /^No journal files were (found|opened)/.test(words);
}

/** Returns the first line, but reads everything, because a full pipe would block journalctl. */
async function firstBytes(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) if (text.length < maxStderrBytes) text += decoder.decode(chunk, { stream: true });
  return harmless(text.trim().split("\n")[0]?.slice(0, 500) ?? "");
}
