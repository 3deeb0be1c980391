// The keys of the page. They are off while a field or a dialog has the focus, and the user can switch single letters off
// altogether (WCAG 2.1.4).

export type KeyAction = { keys: string[]; text: string; run: () => void };

const storedName = "bs9.keys";
/** Keys that do not type a character stay on when the letters are switched off. */
const isLetter = (key: string): boolean => [...key].length === 1;
const sequenceMs = 1200;

export class Keys {
  #common: KeyAction[] = [];
  #own: KeyAction[] = [];
  #first: { key: string; untilMs: number } | null = null;

  constructor() {
    document.addEventListener("keydown", (event) => this.#press(event));
  }

  get isOn(): boolean {
    return localStorage.getItem(storedName) !== "off";
  }

  switch(isOn: boolean): void {
    if (isOn) localStorage.removeItem(storedName);
    else localStorage.setItem(storedName, "off");
  }

  setCommon(actions: KeyAction[]): void {
    this.#common = actions;
  }

  /** The keys of the view that is shown; they come before the common ones. */
  setOwn(actions: KeyAction[]): void {
    this.#own = actions;
    this.#first = null;
  }

  all(): KeyAction[] {
    return [...this.#own, ...this.#common];
  }

  #press(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (isLetter(event.key) && !this.isOn) return;
    // The browser itself presses the button or follows the link that has the focus.
    if (event.key === "Enter" && event.target instanceof Element && event.target.closest("a, button, summary") !== null) return;
    const before = this.#first !== null && this.#first.untilMs > performance.now() ? `${this.#first.key} ` : "";
    const pressed = `${before}${event.key}`;
    this.#first = null;
    const found = this.all().find(({ keys }) => keys.includes(pressed));
    if (found !== undefined) {
      event.preventDefault();
      found.run();
    } else if (this.all().some(({ keys }) => keys.some((key) => key.startsWith(`${pressed} `)))) {
      this.#first = { key: pressed, untilMs: performance.now() + sequenceMs };
    }
  }
}

function isTyping(target: EventTarget | null): boolean {
  if (document.querySelector("dialog[open]") !== null) return true;
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type !== "checkbox" && target.type !== "radio";
  return target.matches("textarea, select");
}
