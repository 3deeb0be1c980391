// Makes a plain sentence on how a unit ended from what the user manager logged; null for other messages (Starting, Started, …).
import { endings, givenUpStatus, signalName, wordsOfExit } from "../../backend/ended.ts";

// sd-messages(3)
const processExit = "98e322203f7a4ed290d09fe03c09fe15";
const outOfMemory = "fe6faa94e7774663a0da52717891d8ef";
const spawnFailed = "641257651c1b4ec9a8624d7a40a9e1e7";

type Said = { MESSAGE: string } & { [field in "MESSAGE_ID" | "EXIT_CODE" | "EXIT_STATUS" | "COMMAND"]?: string | undefined };
type Verdict = { sentence: string; priority: number };

const error = 3;

/** systemd does not translate its log messages, so messages without a MESSAGE_ID can be recognized by their words. */
export function unitEndMessage(entry: Said): Verdict | null {
  if (entry.MESSAGE_ID === processExit) return exit(entry);
  if (entry.MESSAGE_ID === outOfMemory) return { sentence: "killed: out of memory", priority: error };
  const words = entry.MESSAGE.slice(0, 1000);
  if (entry.MESSAGE_ID === spawnFailed) {
    const reason = /Failed at step (\S+) spawning (.*)$/s.exec(words);
    return reason === null ? null : { sentence: `cannot be run: ${reason[2]} (at step ${reason[1]})`, priority: error };
  }
  if (words.endsWith("Start request repeated too quickly.")) return { sentence: endings.tooOften, priority: error };
  if (/State 'stop-\S+' timed out|[Ss]topping timed out/.test(words)) return { sentence: endings.notInTime, priority: error };
  if (/\bstart\S* operation timed out/.test(words)) return { sentence: "did not start in time, so it is ended", priority: error };
  return null;
}

function exit(entry: Said): Verdict | null {
  const how = howEnded(entry);
  if (how === null) return null;
  const clean = entry.EXIT_CODE === "exited" && entry.EXIT_STATUS === "0";
  if (/: Main process exited,/.test(entry.MESSAGE)) {
    if (entry.EXIT_CODE === "exited" && entry.EXIT_STATUS === String(givenUpStatus)) return { sentence: endings.tooOften, priority: error };
    return { sentence: how, priority: clean ? 6 : error };
  }
  // A stop that ends a step of a drop-in is expected and is not reported.
  if (clean || (entry.EXIT_CODE === "killed" && isTerm(entry.EXIT_STATUS))) return null;
  return { sentence: `${entry.COMMAND ?? "a control process"} ${how}`, priority: error };
}

function howEnded({ EXIT_CODE: code, EXIT_STATUS: status }: Said): string | null {
  if (status === undefined || (code !== "exited" && code !== "killed" && code !== "dumped")) return null;
  // systemd names signals, except those that have no name.
  if (/^\d+$/.test(status)) return wordsOfExit({ code, status: Number(status) });
  return code === "exited" ? `exited with ${status}` : `killed by SIG${status}${code === "dumped" ? ", core dumped" : ""}`;
}

const isTerm = (status: string | undefined): boolean => status === "TERM" || signalName(Number(status)) === "SIGTERM";
