// The last lines of one service, for the view of that service.
import { isLoggedOut, whyFailed } from "../base/api.ts";
import { elementOf } from "../base/dom.ts";
import { type PageContext, whileSeen } from "../base/page.ts";
import { logLine } from "./line.ts";
import { logFeed } from "./log-api.ts";

const shownLines = 20;
const everyMs = 2000;

export function logTail(page: PageContext, name: string): { root: HTMLElement; close(): void } {
  const root = elementOf("div", {
    class: "lines",
    role: "log",
    "aria-live": "off",
    "aria-label": `Last log lines of ${name}`,
    tabindex: 0,
  });
  root.append(elementOf("p", { class: "none" }, "Reading …"));
  const feed = logFeed({ services: name, level: "", q: "", since: "" }, shownLines);
  let isFirst = true;
  const close = whileSeen(
    () => everyMs,
    async () => {
      try {
        const { lines } = isFirst ? await feed.last() : await feed.news();
        if (isFirst) root.replaceChildren(...(lines.length === 0 ? [elementOf("p", { class: "none" }, "No log lines yet.")] : []));
        isFirst = false;
        if (lines.length === 0) return;
        root.querySelector(".none")?.remove();
        const isAtEnd = root.scrollTop + root.clientHeight > root.scrollHeight - 20;
        root.append(...lines.slice(-shownLines).map((line) => logLine(line, { sought: "", withService: false })));
        while (root.childElementCount > shownLines) root.firstElementChild?.remove();
        if (isAtEnd) root.scrollTop = root.scrollHeight;
      } catch (error) {
        if (isLoggedOut(error)) page.loggedOut();
        else if (isFirst) root.replaceChildren(elementOf("p", { class: "none" }, `The logs cannot be read: ${whyFailed(error)}`));
      }
    },
  );
  return { root, close };
}
