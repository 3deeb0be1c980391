// Logs that bs9 restarts a service because it is unhealthy; both backends write the same line.
import { note } from "../logs/events.ts";
import { endings } from "./ended.ts";

const warning = 4;

export function noteUnhealthy(state: string, name: string, why: string): void {
  note(state, name, warning, `${endings.unhealthy}: ${why}`);
}
