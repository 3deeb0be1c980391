// The page: logs in, follows the stream, and shows the view that the URL names.
import { alerts } from "./alerts/alerts.ts";
import { apiGet, isLoggedOut } from "./base/api.ts";
import { Messages } from "./base/dialog.ts";
import { Keys } from "./base/keys.ts";
import { LiveServices } from "./base/live.ts";
import { loginForm } from "./base/login.ts";
import { type MakeView, openView, type PageContext, type ShownView } from "./base/page.ts";
import { type Place, placeAt } from "./base/place.ts";
import { Shell, showKeys, showTheme } from "./base/shell.ts";
import { EventStream } from "./base/stream.ts";
import { isNotWell, wellnessOf } from "./base/words.ts";
import type { HostAnswer } from "./host/host.ts";
import { logs } from "./logs/logs.ts";
import { overviewView } from "./overview/overview.ts";

/** The views with charts come as a file of their own, because the first view needs no charts. */
const charted = {
  service: async () => (await import("./service/service.ts")).service,
  host: async () => (await import("./host/host.ts")).host,
};
const plain = { overview: overviewView, logs, alerts };

const [live, messages, keys] = [new LiveServices(), new Messages(), new Keys()];
const shell = new Shell(keys, showLogin);
const stream = new EventStream({
  onEvent: (event) => live.apply(event),
  onState: (state) => shell.setStream(state),
  onLoggedOut: showLogin,
});
let hostName = "this host";
let shown: { place: Place; view: ShownView } | null = null;
const page: PageContext = { live, messages, host: () => hostName, loggedOut: showLogin };

keys.setCommon([
  { keys: ["g o"], text: "overview", run: () => openView("overview") },
  { keys: ["g l"], text: "logs", run: () => openView("logs") },
  { keys: ["g a"], text: "alerts", run: () => openView("alerts") },
  { keys: ["g h"], text: "host", run: () => openView("host") },
  { keys: ["T"], text: "theme", run: () => shell.nextTheme() },
  { keys: ["?"], text: "these keys", run: () => showKeys(keys) },
]);
live.listen(({ kind }) => {
  if (kind !== "sample") showTitle();
});
window.addEventListener("hashchange", show);
for (const sign of ["pointermove", "keydown"]) window.addEventListener(sign, () => void charted.service(), { once: true });
showTheme();
void begin();

/** Asks for the host and follows the stream at the same time; the answer says whether there is a session. */
async function begin(): Promise<void> {
  document.body.replaceChildren(shell.root, messages.root);
  show();
  stream.start();
  try {
    hostName = (await apiGet<HostAnswer>("api/host")).host;
    shell.setHost(hostName);
    showTitle();
  } catch (error) {
    if (isLoggedOut(error)) showLogin();
  }
}

function showLogin(): void {
  stream.stop();
  shown?.view.close();
  shown = null;
  keys.setOwn([]);
  if (document.querySelector("dialog[open]") !== null) for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  document.title = "Log in · bs9";
  document.body.replaceChildren(loginForm(() => void begin()));
  document.querySelector<HTMLElement>("#token")?.focus();
}

function show(): void {
  if (!document.body.contains(shell.root)) return;
  const place = placeAt(location.hash);
  if (shown !== null && shown.place.view === place.view && shown.place.name === place.name && shown.view.moved !== undefined) {
    shown.place = place;
    shown.view.moved(place);
    return;
  }
  if (place.view !== "service" && place.view !== "host") {
    put(place, plain[place.view]);
    return;
  }
  const asked = location.hash;
  void charted[place.view]().then(
    (make) => {
      // The user may have gone on meanwhile.
      if (location.hash === asked) put(place, make);
    },
    () => messages.show("This view cannot be loaded: the server cannot be reached, or is another one now. Load the page again.", "failed"),
  );
}

function put(place: Place, make: MakeView): void {
  const isFirst = shown === null;
  shown?.view.close();
  const view = make(page, place);
  shown = { place, view };
  keys.setOwn(view.keys);
  shell.setView(place.view);
  shell.content.replaceChildren(view.root);
  showTitle();
  scrollTo(0, 0);
  // A screen reader then goes on with the new view.
  if (!isFirst) shell.content.focus({ preventScroll: true });
}

/** The title of the tab tells the worst. */
function showTitle(): void {
  const bad = [...live.services.values()].filter((observed) => isNotWell(wellnessOf(observed))).length;
  const firing = (live.alerts ?? []).filter(({ state }) => state !== "pending").length;
  shell.setAlertCount(firing);
  if (shown !== null) document.title = `${bad === 0 ? "" : `(${bad} not well) `}${shown.view.title} · ${hostName}`;
}
