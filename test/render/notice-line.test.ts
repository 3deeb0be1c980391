// Notices as lines of text: some kinds are shown with their fix, others without it.
import { expect, test } from "bun:test";
import { noticeLine } from "../../src/render/notice-line.ts";

test("a notice about the journal is shown with its fix, and a notice about an edited unit without it", () => {
  const what = "journald keeps nothing";
  expect(noticeLine({ kind: "journal-off", subject: "journald", what, fix: "edit it" })).toBe("journald keeps nothing. Fix: edit it");
  expect(noticeLine({ kind: "socket-hidden", subject: "web", what: "it is hidden", fix: "Bind it" })).toBe("it is hidden. Bind it");
  expect(noticeLine({ kind: "unit-edited", subject: "web", what: "it was edited", fix: "bs9 doctor" })).toBe("it was edited");
  expect(noticeLine({ kind: "log-gap", subject: "journald", what: "Lines are missing.", fix: null })).toBe("Lines are missing.");
});
