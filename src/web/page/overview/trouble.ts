// The line above everything: whether anything is wrong, and with the worst service what to do about it. The line is always there,
// so that nothing moves when a service fails.
import type { Observed } from "../../../status/schema.ts";
import { actOn, silenceAlerts } from "../base/acts.ts";
import { button, elementOf } from "../base/dom.ts";
import { openView, type PageContext } from "../base/page.ts";
import { hashOf } from "../base/place.ts";
import { isNotWell, plural, wellnessOf } from "../base/words.ts";
import { calmOf, orderedBy } from "./ordering.ts";

export class TroubleLine {
  readonly root = elementOf("div", { class: "trouble", role: "status" });
  readonly #page: PageContext;
  #shown = "";

  constructor(page: PageContext) {
    this.#page = page;
    this.update();
  }

  update(): void {
    const { services, alerts, atMs } = this.#page.live;
    const bad = orderedBy(
      { by: "state", isReversed: false },
      [...services.values()].filter((one) => isNotWell(wellnessOf(one))),
    );
    const [worst] = bad;
    const alert =
      worst === undefined ? undefined : alerts?.find(({ subject, state }) => subject === worst.status.name && state === "firing");
    const calm = calmOf(services.values());
    const key = JSON.stringify([
      bad.length,
      worst?.status.name,
      worst?.status.state,
      worst?.status.reason,
      alert?.id,
      alert?.isSilenced,
      calm,
      atMs === null,
    ]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.root.dataset["tone"] = atMs === null ? "plain" : worst === undefined ? calm.tone : "bad";
    this.root.replaceChildren(...(worst === undefined ? [this.#calm(calm.text)] : this.#problem(worst, bad.length, alert)));
  }

  #calm(text: string): Node {
    const { services, atMs } = this.#page.live;
    const sign = elementOf("span", { class: "sign", "aria-hidden": "true" });
    if (atMs === null) return elementOf("p", {}, "Reading the services …");
    if (services.size === 0)
      return elementOf("p", {}, "No services yet. Start one: ", elementOf("code", {}, "bs9 start app.ts --name web"));
    return elementOf("p", {}, sign, text);
  }

  #problem({ status }: Observed, count: number, alert: { id: string; subject: string; isSilenced: boolean } | undefined): Node[] {
    const { name } = status;
    const said = status.reason ?? (status.state === "failed" ? "it failed" : "its health probe fails");
    const sentence = elementOf(
      "p",
      {},
      elementOf("span", { class: "sign", "aria-hidden": "true" }),
      elementOf("a", { href: hashOf("service", name) }, name),
      elementOf("span", { class: "said", title: said }, ` ${said}`),
    );
    const more =
      count === 1
        ? null
        : elementOf("a", { class: "more", href: hashOf("overview", "", { state: "notwell" }) }, `${plural(count - 1, "more", "more")}`);
    const acts = elementOf(
      "div",
      { class: "acts" },
      button("Logs", () => openView("logs", "", { services: name })),
      button("Restart", () => void actOn(this.#page, "restart", name)),
      alert === undefined || alert.isSilenced ? null : button("Silence", () => void silenceAlerts(this.#page, alert)),
      more,
    );
    return [sentence, acts];
  }
}
