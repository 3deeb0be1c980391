// What changes the dashboard, and what the dashboard wants done.
import type { ModelEvent } from "../status/events.ts";
import type { Input } from "./input/input.ts";
import type { ChartPoint, MonitLine, PastEvent, PastMoment, ServiceAct, Size } from "./model.ts";

export type MonitEvent =
  | { kind: "input"; input: Input; atMs: number }
  | { kind: "size"; size: Size }
  | { kind: "services"; event: ModelEvent }
  | { kind: "reasons"; reasons: ReadonlyMap<string, string | null> }
  | { kind: "tick"; nowMs: number }
  | { kind: "history"; name: string; points: ChartPoint[]; readMs: number }
  | { kind: "log"; name: string; lines: MonitLine[]; isRead: boolean; trouble: string | null }
  | { kind: "past"; name: string; list: PastEvent[] }
  /** Null where nothing is stored of the time that was asked for, nor in the direction of the user. */
  | { kind: "moment"; askedMs: number; direction: -1 | 0 | 1; moment: PastMoment | null }
  | { kind: "words"; title: string; lines: string[] }
  | { kind: "busy"; acts: readonly string[] }
  | { kind: "said"; text: string; isError: boolean };

export type MonitEffect =
  | { do: "quit" }
  | { do: "suspend" }
  | { do: "repaint" }
  | { do: "mouse"; isOn: boolean }
  | { do: "copy"; text: string }
  /** Streams the log in the normal terminal. */
  | { do: "out"; name: string }
  | { do: "act"; act: ServiceAct; names: string[] }
  | { do: "environment"; name: string }
  /** Null ends the silence. */
  | { do: "silence"; names: string[]; lastsMs: number | null }
  | { do: "acknowledge"; ids: string[] }
  /** Reads the log of a service, of now or up to a time, and what happened to it. */
  | { do: "follow"; name: string | null; untilMs: number | null }
  | { do: "history"; name: string; toMs: number; rangeMs: number }
  | { do: "travel"; atMs: number; direction: -1 | 0 | 1 };

export const sayForMs = 5000;
