// Where each part of the dashboard is on the screen. Pure; the view draws by it, and clicks are found by it.
import type { Observed } from "../status/schema.ts";
import { firingAlerts } from "./alerts.ts";
import { type MonitModel, type Size, shownServices } from "./model.ts";

export type Area = { x: number; y: number; width: number; height: number };

export type ScreenLayout = {
  banner: number | null;
  table: Area | null;
  detail: Area | null;
  log: Area | null;
  /** The row of the keys. */
  keys: number;
};

/** Below this size nothing useful fits. */
export const leastSize: Size = { columns: 40, rows: 10 };
const chartRows = 16;
const logRows = 12;
/** From this width on the detail is a column at the right. */
const wideColumns = 140;
const portrait = { columns: 84, rows: 45 };

export function isTooSmall({ columns, rows }: Size): boolean {
  return columns < leastSize.columns || rows < leastSize.rows;
}

export function layoutOf(model: MonitModel): ScreenLayout {
  const { columns, rows } = model.size;
  const banner = troubled(model) === null && firingAlerts(model).length === 0 ? null : 1;
  const y = banner === null ? 1 : 2;
  const keys = rows - 1;
  const all: Area = { x: 0, y, width: columns, height: keys - y };
  const none = { banner, table: null, detail: null, log: null, keys };
  if (model.view === "logs") return { ...none, banner: null, log: { ...all, y: 1, height: keys - 1 } };
  if (model.isMaximised) return { ...none, [model.focus]: all };
  if (rows < logRows) return { ...none, table: all };
  if (columns >= wideColumns) return { ...none, ...wide(all, model.rows.length) };
  return { ...none, ...stacked(all, model) };
}

/** The detail beside the table, and the log below both. */
function wide(all: Area, services: number): Pick<ScreenLayout, "table" | "detail" | "log"> {
  const log = Math.max(6, Math.min(Math.floor(all.height * 0.45), all.height - Math.max(18, Math.min(services + 2, all.height))));
  const upper = all.height - log;
  const detail = Math.floor(all.width * 0.38);
  return {
    table: { ...all, width: all.width - detail - 1, height: upper },
    detail: { ...all, x: all.width - detail, width: detail, height: upper },
    log: { ...all, y: all.y + upper, height: log },
  };
}

/** Table, detail and log one below the other; a tall narrow screen gives the detail more room. */
function stacked(all: Area, { size, rows }: MonitModel): Pick<ScreenLayout, "table" | "detail" | "log"> {
  const isPortrait = size.columns <= portrait.columns && size.rows > portrait.rows;
  const detail = isPortrait ? 16 : size.rows < chartRows ? 2 : size.rows < 30 ? 4 : 7;
  const most = Math.floor((all.height - detail) * (isPortrait ? 0.4 : 0.55));
  const table = Math.max(4, Math.min(most, rows.length + 1));
  return {
    table: { ...all, height: table },
    detail: { ...all, y: all.y + table, height: detail },
    log: { ...all, y: all.y + table + detail, height: all.height - table - detail },
  };
}

/** The service that the banner is about: the first that has failed or is unhealthy; null where there is none. */
export function troubled(model: MonitModel): Observed | null {
  const services = shownServices(model);
  const known = troubledIn.get(services);
  const found = known === undefined ? newestTrouble(services) : known;
  troubledIn.set(services, found);
  return found;
}

/** One frame asks several times, and a thousand services are worth remembering the answer. */
const troubledIn = new WeakMap<Observed[], Observed | null>();

function newestTrouble(services: Observed[]): Observed | null {
  const bad = services.filter(({ status }) => status.state === "failed" || status.health === "unhealthy");
  const since = ({ unwell, outcome }: Observed) => unwell?.sinceMs ?? (outcome === null ? 0 : Date.parse(outcome.at));
  return bad.reduce<Observed | null>((newest, one) => (newest === null || since(one) > since(newest) ? one : newest), null);
}

/** How many services the table shows at once: its first row is the header. */
export function tableHeight({ table }: ScreenLayout, services: number): number {
  if (table === null) return 0;
  const room = table.height - 1;
  // The last row says how many services are below or above.
  return services > room ? room - 1 : room;
}
