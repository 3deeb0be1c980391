// What a user does at a terminal: a key, pasted text, or the mouse.

export type Input =
  /**
   * `key` is the character itself, or a name: up, down, left, right, home, end, pageup, pagedown, enter, tab, back-tab, space,
   * backspace, delete, insert, escape, f1 … f12, and C-a … C-z for a letter with Ctrl.
   */
  | { kind: "key"; key: string }
  | { kind: "paste"; text: string }
  /** The cell is counted from 0 at the top left. */
  | { kind: "mouse"; what: "press" | "release" | "wheel-up" | "wheel-down"; x: number; y: number };
