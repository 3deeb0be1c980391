// Every long proof, in the order in which `npm run prove` runs them.
import { proof as agent } from "./agent.ts";
import { proof as agentKills } from "./agent-kills.ts";
import { proof as alertKills } from "./alert-kills.ts";
import { proof as alertMemory } from "./alert-memory.ts";
import { proof as alerts } from "./alerts.ts";
import { proof as before } from "./before.ts";
import { proof as escapes } from "./escape.ts";
import { proof as events } from "./events.ts";
import { proof as flood } from "./flood.ts";
import { proof as frozen } from "./frozen.ts";
import { proof as inject } from "./inject.ts";
import { proof as isolation } from "./isolation.ts";
import { proof as kills } from "./kills.ts";
import { proof as limits } from "./limits.ts";
import { proof as load } from "./load.ts";
import { proof as monit, peers as monitPeers } from "./monit.ts";
import { proof as page } from "./page.ts";
import { proof as pictures } from "./pictures.ts";
import { besidePm2 } from "./pm2/beside.ts";
import type { Proof } from "./proof.ts";
import { proof as readers } from "./readers.ts";
import { proof as storage } from "./storage.ts";
import { proof as storageKills } from "./storage-kills.ts";
import { proof as web } from "./web.ts";

const memoryFigures = [0, 100, 1000].flatMap((count) =>
  ["memory (RSS)", "memory (PSS)", "heap (anonymous)", "memory (RSS) of bs9 run FILE"].map((what) => `${what} with ${count}`),
);
const logFigures = ["1,000,000 lines flat out", "200,000 lines at 20,000 a second"].flatMap((what) =>
  ["--log file on systemd", "supervisor"].flatMap((where) => ["whole", "CPU"].map((figure) => `${what}, ${where}: ${figure}`)),
);

export const proofs: Proof[] = [
  besidePm2("version", "the time of the shortest command beside PM2's", ["shortest command: bs9 version, pm2 --version"]),
  besidePm2("restart", "kill -9 of an app to its next answer, on systemd and under PM2", ["restart of Node http", "restart of Bun.serve"]),
  besidePm2("speed", "the time of start, stop and restart, of one service and of 100, beside PM2 and systemctl", [
    "start of a new service, pm2 start",
    "start of a new service, systemctl",
    "stop of a service, pm2 stop",
    "stop all of 100, systemctl stop bs9.slice",
    "restart all of 100, systemctl restart",
  ]),
  besidePm2(
    "status",
    "the time that status takes with 300 and 1,000 services, beside pm2 ls and jlist",
    [300, 1000].flatMap((n) => [`status of ${n}, pm2 ls`, `status of ${n}, pm2 jlist`, `status of ${n} as a table, pm2 ls`]),
  ),
  besidePm2("supervisor", "memory, starts and restarts of bs9's own supervisor beside PM2's daemon", [
    ...memoryFigures,
    "start of 100 (bs9 run FILE, pm2 start FILE)",
    "start of 100 defined (start all, pm2 restart all)",
    "kill -9 to serving, Node http, supervisor",
    "kill -9 to serving, Bun.serve, supervisor",
  ]),
  besidePm2("logs", "what arrives of many log lines, and what collecting them costs, beside PM2", logFigures),
  agent,
  agentKills,
  alerts,
  alertKills,
  alertMemory,
  events,
  readers,
  monit,
  monitPeers,
  page,
  pictures,
  before,
  storage,
  storageKills,
  flood,
  load,
  escapes,
  frozen,
  kills,
  isolation,
  limits,
  inject,
  web,
];
