// Notices as lines: those that announce their way out, and those that are told without it.
import { expect, test } from "bun:test";
import { noticeLine } from "../../src/render/notice-line.ts";

test("a line names the way out of what stands in the way of log lines, and leaves alone what others did", () => {
  const what = "journald keeps nothing";
  expect(noticeLine({ kind: "journal-off", subject: "journald", what, fix: "edit it" })).toBe("journald keeps nothing. Mend it: edit it");
  expect(noticeLine({ kind: "socket-hidden", subject: "web", what: "it is hidden", fix: "Bind it" })).toBe("it is hidden. Bind it");
  expect(noticeLine({ kind: "unit-edited", subject: "web", what: "it was edited", fix: "bs9 doctor" })).toBe("it was edited");
  expect(noticeLine({ kind: "log-gap", subject: "journald", what: "Lines are missing.", fix: null })).toBe("Lines are missing.");
});
