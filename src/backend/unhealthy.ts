// What the log of a service says when bs9 restarts it for the sake of its health; both backends write the same line.
import { note } from "../logs/events.ts";
import { endings } from "./ended.ts";

const warning = 4;

export function noteUnhealthy(state: string, name: string, why: string): void {
  note(state, name, warning, `${endings.unhealthy}: ${why}`);
}
