// The acts on services and alerts: each says what it is about to do, and then what came of it.

import type { ChannelTrial } from "../../../alerting/channels/trial.ts";
import type { AlertNow } from "../../../alerting/evaluation/kept.ts";
import type { HttpAct } from "../../source.ts";
import { apiPost, isLoggedOut, whyFailed } from "./api.ts";
import { askUser } from "./dialog.ts";
import { elementOf } from "./dom.ts";
import type { PageContext } from "./page.ts";
import { plural } from "./words.ts";

const verbs: Record<HttpAct, { title: string; doing: string; warning: string | null }> = {
  start: { title: "Start", doing: "starting", warning: null },
  stop: {
    title: "Stop",
    doing: "stopping",
    warning: "It answers no requests until it is started again, and does not start at the next boot.",
  },
  restart: { title: "Restart", doing: "restarting", warning: "Requests that it is answering may fail." },
};

type ActAnswer = { name: string; result: string }[];

/** Acts on a service, after a question where the act interrupts it. */
export async function actOn(page: PageContext, act: HttpAct, name: string): Promise<void> {
  const { title, doing, warning } = verbs[act];
  if (warning !== null) {
    const sure = await askUser(
      `${title} ${name} on ${page.host()}?`,
      [elementOf("p", {}, warning)],
      [{ text: `${title} ${name}`, value: true, isDangerous: true }],
    );
    if (sure !== true) return;
  }
  page.messages.show(`${doing} ${name} …`);
  await said(page, `cannot ${act} ${name}`, async () => {
    const answer = await apiPost<ActAnswer>(`api/services/${encodeURIComponent(name)}/${act}`);
    return `${name} ${answer?.[0]?.result ?? "done"}`;
  });
}

export async function acknowledgeAlert(
  page: PageContext,
  { id, rule, subject }: Pick<AlertNow, "id" | "rule" | "subject">,
): Promise<boolean> {
  return said(page, `cannot acknowledge ${rule} of ${subject}`, async () => {
    await apiPost(`api/alerts/${encodeURIComponent(id)}/ack`);
    return `${rule} of ${subject} acknowledged`;
  });
}

const durations: [text: string, value: string][] = [
  ["1 hour", "1h"],
  ["4 hours", "4h"],
  ["1 day", "1d"],
  ["7 days", "7d"],
];

/** Asks for how long the alerts of a subject shall be silent. */
export async function silenceAlerts(page: PageContext, { id, subject }: Pick<AlertNow, "id" | "subject">): Promise<boolean> {
  const duration = await askUser(
    `Silence the alerts of ${subject}?`,
    [elementOf("p", {}, "Nobody is told of them for this time. They are still shown here.")],
    durations.map(([text, value]) => ({ text, value })),
  );
  if (duration === null) return false;
  return said(page, `cannot silence ${subject}`, async () => {
    await apiPost(`api/alerts/${encodeURIComponent(id)}/silence`, { duration });
    return `alerts of ${subject} are silenced for ${duration}`;
  });
}

export async function endSilence(page: PageContext, service: string): Promise<boolean> {
  return said(page, `cannot end the silence of ${service}`, async () => {
    await apiPost(`api/alerts/${encodeURIComponent(service)}/silence`, { duration: "off" });
    return `new alerts of ${service} are sent again`;
  });
}

export async function testAlerts(page: PageContext): Promise<void> {
  await said(page, "cannot send a test", async () => {
    const trials = (await apiPost<ChannelTrial[]>("api/alerts/test")) ?? [];
    const failed = trials.filter(({ ok }) => !ok);
    if (failed.length > 0) throw new Error(failed.map(({ channel, answer }) => `${channel}: ${answer}`).join("; "));
    return trials.length === 0
      ? "there is no channel yet: bs9 alert --webhook URL"
      : `a test was sent to ${plural(trials.length, "channel")}`;
  });
}

/** Shows what the work returns, or why it failed; true where it was done. */
async function said(page: PageContext, failure: string, work: () => Promise<string>): Promise<boolean> {
  try {
    page.messages.show(await work());
    return true;
  } catch (error) {
    if (isLoggedOut(error)) page.loggedOut();
    else {
      const why = whyFailed(error);
      page.messages.show(why.startsWith(`${failure}: `) ? why : `${failure}: ${why}`, "failed");
    }
    return false;
  }
}
