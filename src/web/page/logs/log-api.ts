// Reads log lines from the API, together with the time of the server.
import { apiGetTimed } from "../base/api.ts";
import { LogFeed, type LogPage, type LogWishes } from "./feed.ts";

export const logFeed = (wishes: LogWishes, pageLines?: number): LogFeed =>
  new LogFeed(wishes, (query) => apiGetTimed<LogPage>("api/logs", query), pageLines);
