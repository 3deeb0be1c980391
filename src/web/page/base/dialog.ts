// Asks before an act, and shows short messages. Both work by keyboard: y and n answer, and Escape cancels.
import { button, type Child, elementOf, listened } from "./dom.ts";

export type DialogChoice<T> = { text: string; value: T; isDangerous?: boolean };

/** Shows a question, and returns the value of the choice, or null. Cancel has the focus, so that Enter alone does nothing. */
export function askUser<T>(title: string, body: Child[], choices: DialogChoice<T>[]): Promise<T | null> {
  return new Promise((resolve) => {
    let answer: T | null = null;
    const close = (value: T | null) => {
      answer = value;
      dialog.close();
    };
    const cancel = button("Cancel", () => close(null), { autofocus: true });
    const buttons = choices.map(({ text, value, isDangerous }) =>
      button(text, () => close(value), { class: isDangerous === true ? "danger" : "primary" }),
    );
    const dialog = shownDialog(title, [...body, elementOf("div", { class: "choices" }, cancel, ...buttons)], () => resolve(answer));
    const [only, ...others] = choices;
    listened(dialog, {
      keydown: (event) => {
        const { key } = event as KeyboardEvent;
        if (key === "n") close(null);
        else if (key === "y" && only !== undefined && others.length === 0) close(only.value);
      },
    });
    cancel.focus();
  });
}

export function shownDialog(title: string, body: Child[], onClose: () => void = () => {}): HTMLDialogElement {
  const before = document.activeElement;
  const heading = elementOf("h2", { id: "dialog-title" }, title);
  const dialog = elementOf("dialog", { "aria-labelledby": "dialog-title" }, heading, ...body);
  listened(dialog, {
    close: () => {
      dialog.remove();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
      onClose();
    },
    click: (event) => {
      if (event.target === dialog) dialog.close();
    },
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

const shownMs = 6000;
const maxShown = 4;

/** Short messages at the edge of the page, which screen readers read. */
export class Messages {
  readonly root = elementOf("div", { class: "messages", role: "status", "aria-live": "polite" });

  show(text: string, kind: "done" | "failed" = "done"): void {
    const close = button("×", () => message.remove(), { "aria-label": "close this message" });
    const message = elementOf("p", { class: `message ${kind}` }, elementOf("span", {}, text), close);
    this.root.append(message);
    while (this.root.childElementCount > maxShown) this.root.firstElementChild?.remove();
    // A failure stays until it was read.
    if (kind === "done") setTimeout(() => message.remove(), shownMs);
  }
}
