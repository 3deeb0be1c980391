// A line for the journal arrives completely, and a missing journal does not delay the command.
import { afterAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { tellJournal } from "../../src/base/journal-stream.ts";
import { tempDir } from "../harness.ts";

const folder = tempDir();
afterAll(() => rmSync(folder, { recursive: true }));

test("the journal receives the stream header and the line, and then the connection is closed", async () => {
  const socket = join(folder, "journal");
  const ended = Promise.withResolvers<string>();
  let text = "";
  using _listener = Bun.listen({
    unix: socket,
    socket: {
      data: (_, bytes) => {
        text += bytes.toString();
      },
      close: () => ended.resolve(text),
    },
  });
  await tellJournal("bs9-trail", 'a "line"', 10_000, socket);
  expect(await ended.promise).toBe('bs9-trail\n\n6\n1\n0\n0\n0\na "line"\n');
});

test("without a journal the line is dropped at once", async () => {
  await tellJournal("bs9-trail", "line", 60_000, join(folder, "absent"));
});
