// Keys in a dialog, in the menu, and in a line in which the user types. Pure.
import { type Dialog, type MonitModel, type Prompt, silenceChoices } from "../model.ts";
import { withRows } from "../rows.ts";
import { acted, actionsFor } from "./actions.ts";
import { scrolled } from "./move.ts";
import { stepTo, type UpdateStep } from "./step.ts";

const maxTyped = 200;

export function dialogKey(model: MonitModel, dialog: Dialog, key: string): UpdateStep {
  switch (dialog.kind) {
    case "confirm":
      return confirmKey(model, dialog, key);
    case "menu":
      return menuKey(model, dialog, key);
    case "silence":
      return silenceKey(model, dialog, key);
    case "text":
      return textKey(model, dialog, key);
  }
}

const closed = (model: MonitModel): MonitModel => ({ ...model, dialog: null });

/** Enter takes the marked answer; at first "no" is marked. */
function confirmKey(model: MonitModel, dialog: Extract<Dialog, { kind: "confirm" }>, key: string): UpdateStep {
  const { act, names, isYes } = dialog;
  const agreed = () => stepTo({ ...closed(model), marked: new Set<string>() }, { do: "act", act, names });
  if (key === "y" || key === "Y") return agreed();
  if (["n", "N", "escape", "q", "C-c"].includes(key)) return stepTo(closed(model));
  if (key === "enter") return isYes ? agreed() : stepTo(closed(model));
  if (["h", "l", "left", "right", "tab", "back-tab"].includes(key)) return stepTo({ ...model, dialog: { ...dialog, isYes: !isYes } });
  return stepTo(model);
}

function menuKey(model: MonitModel, dialog: Extract<Dialog, { kind: "menu" }>, key: string): UpdateStep {
  const found = actionsFor(dialog.typed);
  const at = (index: number) => stepTo({ ...model, dialog: { ...dialog, at: Math.max(0, Math.min(index, found.length - 1)) } });
  if (key === "escape" || key === "C-c") return stepTo(closed(model));
  if (key === "up") return at(dialog.at - 1);
  if (key === "down" || key === "tab") return at(dialog.at + 1);
  const chosen = found[dialog.at];
  if (key === "enter") return chosen === undefined ? stepTo(model) : acted(chosen, closed(model));
  const typed = edited(dialog.typed, key);
  return stepTo(typed === dialog.typed ? model : { ...model, dialog: { kind: "menu", typed, at: 0 } });
}

function silenceKey(model: MonitModel, dialog: Extract<Dialog, { kind: "silence" }>, key: string): UpdateStep {
  const at = (index: number) => stepTo({ ...model, dialog: { ...dialog, at: Math.max(0, Math.min(index, silenceChoices.length - 1)) } });
  if (["escape", "q", "n", "C-c"].includes(key)) return stepTo(closed(model));
  if (key === "up" || key === "k") return at(dialog.at - 1);
  if (key === "down" || key === "j" || key === "tab") return at(dialog.at + 1);
  const choice = silenceChoices[key === "enter" ? dialog.at : Number(key) - 1];
  if (choice === undefined) return stepTo(model);
  return stepTo({ ...closed(model), marked: new Set() }, { do: "silence", names: dialog.names, lastsMs: choice.lastsMs });
}

function textKey(model: MonitModel, dialog: Extract<Dialog, { kind: "text" }>, key: string): UpdateStep {
  const by = { up: -1, k: -1, down: 1, j: 1, pageup: -10, pagedown: 10, space: 10, "C-u": -10, "C-d": 10 }[key];
  if (by === undefined)
    return ["escape", "q", "enter", "C-c", "?", "f1", "left", "h"].includes(key) ? stepTo(closed(model)) : stepTo(model);
  const top = Math.max(0, Math.min(dialog.top + by, dialog.lines.length - 5));
  return stepTo({ ...model, dialog: { ...dialog, top } });
}

export function promptKey(model: MonitModel, prompt: Prompt, key: string): UpdateStep {
  if (key === "enter") return stepTo(applied({ ...model, prompt: null }, prompt.kind, prompt.text));
  if (key === "escape" || key === "C-c") return stepTo(applied({ ...model, prompt: null }, prompt.kind, ""));
  return promptText(model, { ...prompt, text: key === "C-u" ? "" : edited(prompt.text, key) });
}

/** The typed text takes effect at once. */
export function promptText(model: MonitModel, prompt: Prompt): UpdateStep {
  const text = prompt.text.slice(0, maxTyped);
  return stepTo(applied({ ...model, prompt: { ...prompt, text } }, prompt.kind, text));
}

function applied(model: MonitModel, kind: Prompt["kind"], text: string): MonitModel {
  switch (kind) {
    case "filter":
      return scrolled(withRows({ ...model, filter: text }));
    case "search":
      return { ...model, log: { ...model.log, search: text } };
    case "only":
      return { ...model, log: { ...model.log, only: text, isFollowing: true, unseen: 0 } };
  }
}

function edited(text: string, key: string): string {
  if (key === "backspace") return [...text].slice(0, -1).join("");
  if (key === "space") return `${text} `;
  return [...key].length === 1 ? text + key : text;
}
