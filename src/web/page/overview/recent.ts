// The last acts on services: who did what, when, and with what result.
import type { TrailRecord } from "../../../trail/record.ts";
import { apiGet, isLoggedOut, whyFailed } from "../base/api.ts";
import { elementOf, panel } from "../base/dom.ts";
import type { PageContext } from "../base/page.ts";
import { momentText } from "../base/words.ts";

const shownActs = 10;

/** The list, and the function that reads it anew. Without a name it has the acts on all services. */
export function recentActs(page: PageContext, name: string | null): { root: HTMLElement; read(): Promise<void> } {
  const list = elementOf("ol", { class: "acts-list" });
  const root = panel("Last acts", list);
  return {
    root,
    async read() {
      try {
        const { records } = await apiGet<{ records: TrailRecord[] }>("api/history", { services: name, limit: shownActs });
        const none = elementOf("li", { class: "none" }, "Nobody has done anything yet.");
        list.replaceChildren(...(records.length === 0 ? [none] : records.map(lineOfAct)));
      } catch (error) {
        if (isLoggedOut(error)) page.loggedOut();
        else list.replaceChildren(elementOf("li", { class: "none" }, `The trail cannot be read: ${whyFailed(error)}`));
      }
    },
  };
}

const maxTargets = 4;

function lineOfAct({ at, act, targets, who, result }: TrailRecord): HTMLElement {
  const more = targets.length > maxTargets ? ` and ${targets.length - maxTargets} more` : "";
  const failed =
    result.outcome === "ok" ? null : elementOf("span", { class: "bad" }, ` failed${result.message === null ? "" : `: ${result.message}`}`);
  const from = who.origin === "web" && who.http !== undefined ? `web, ${who.http.address}` : who.origin;
  return elementOf(
    "li",
    {},
    elementOf("time", { datetime: at }, momentText(Date.parse(at))),
    elementOf("span", {}, elementOf("b", {}, act), ` ${targets.slice(0, maxTargets).join(", ")}${more}`, failed),
    elementOf("span", { class: "by" }, `${who.user} · ${from}`),
  );
}
