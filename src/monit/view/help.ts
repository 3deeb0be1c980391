// The text of `?`: every key. Pure.
import type { MonitModel } from "../model.ts";

const table = [
  "j k, arrows, PgUp PgDn, Ctrl-u Ctrl-d, g G   move",
  "Enter, Right   the service on the full screen; Esc, Left, h   back",
  "Tab, Shift-Tab   next pane; f   this pane on the full screen, and back",
  "/   filter while typing: all words match, !word for without; Esc clears",
  "F   only services that are not well, and all again",
  "Shift and a letter   sort: N name, S state, H health, C cpu, M memory,",
  "    R restarts, U uptime, Q requests, E errors, L latency; again reverses",
  "< >   sort by the next column; I   reverse the order",
  "r   restart (asks)          s   start, or stop (asks)",
  "l   log on the full screen  o   log in the normal terminal",
  "w   why                     e   names of its environment variables",
  "z   silence its alerts      a   acknowledge its alerts",
  "Space   mark a service: r and s act on all marked ones",
  "x or :   menu of all actions",
  "Y   copy the bs9 logs command (by the terminal, OSC 52)",
  "[ ]   back and forward in stored time, held down: faster; 0 or End   now",
  "+ - =   range of the charts shorter, longer, 1 h; Z   freeze the screen",
  "T   mouse on or off: with the mouse on, Shift and drag selects text",
  "Ctrl-l   draw the screen anew; Ctrl-z   suspend; q, Ctrl-c, F10   quit",
];
const log = [
  "/   search while typing; n N   next and previous line with the text",
  "&   only lines with the text, !text for lines without",
  "F, End, G   follow; scrolling up pauses and counts new lines",
  "v   least level: all, info, warn, error; E Ctrl-e   next, previous error",
  "1 to 6   the last 1, 5, 15, 30 or 60 minutes, or all lines",
  "t   times on or off; W   wrap long lines; Left Right   half a screen sideways",
  "m   draw a mark; y   copy the line; Y   copy the bs9 logs command",
  "o   the log in the normal terminal, with its own scrollback; o or q returns",
  "r s w   restart, start or stop, why; q, Esc   back to the services",
];

export function helpLines({ view }: Pick<MonitModel, "view">): string[] {
  const [first, second] = view === "logs" ? [log, table] : [table, log];
  const [title, other] = view === "logs" ? ["LOG", "SERVICES"] : ["SERVICES", "LOG"];
  return [title, ...first, "", other, ...second];
}
