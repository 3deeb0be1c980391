// Checks the limits of the kernel on the arguments and environment of one exec.
import { failed } from "../base/errors.ts";
import { maxStringBytes, maxTotalBytes } from "./spec.ts";

/** Throws where the strings are more than the kernel accepts in one exec (execve(2)). */
export function checkSizes(argv: string[], environment: Record<string, string>): void {
  const strings = [...argv, ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)];
  let total = 0;
  for (const text of strings) {
    const bytes = Buffer.byteLength(text) + 1;
    if (bytes > maxStringBytes) {
      throw failed(`one argument or environment value has ${bytes} bytes; the kernel accepts at most ${maxStringBytes} in each`, {
        hint: "pass it to the app in a file",
      });
    }
    total += bytes;
  }
  if (total > maxTotalBytes)
    throw failed(`arguments and environment have ${total} bytes together; at most ${maxTotalBytes} can be passed to a process`, {
      hint: "pass them to the app in a file",
    });
}
