// What the API tells of alerts.
import type { AlertsSeen } from "../../source.ts";
import { apiGet } from "../base/api.ts";

export const readAlerts = (): Promise<AlertsSeen> => apiGet<AlertsSeen>("api/alerts");
