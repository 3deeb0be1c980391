// Makes elements. Every text comes in as a text node, so that no name, log line or sentence becomes markup.

export type Child = Node | string | null;
type Attribute = string | number | boolean | null;
type Listener = (event: Event) => void;

/** `on` holds listeners by event; an attribute that is null or false is left out, and true is an attribute without value. */
export type Attributes = Record<string, Attribute> & { on?: never };
export type Listeners = Record<string, Listener>;

export function elementOf<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return filled(document.createElement(tag), attributes, children);
}

export function drawing<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled<E extends Element>(made: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes))
    if (value !== null && value !== false && value !== undefined) made.setAttribute(name, value === true ? "" : String(value));
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function listened<E extends Element>(target: E, listeners: Listeners): E {
  for (const [name, listener] of Object.entries(listeners)) target.addEventListener(name, listener);
  return target;
}

/** A button that does something on this page. */
export function button(text: string, onPress: () => void, attributes: Attributes = {}): HTMLButtonElement {
  return listened(elementOf("button", { type: "button", ...attributes }, text), { click: onPress });
}

/** A text node that is written only when the text differs, because each write costs style and layout. */
export class KeptText {
  readonly node: Text;
  #text: string;

  constructor(text = "") {
    this.#text = text;
    this.node = document.createTextNode(text);
  }

  set(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.node.data = text;
  }
}

/** Sets or removes an attribute, and writes nothing where it is as wanted. */
export function setAttribute(target: Element, name: string, value: string | null): void {
  if (target.getAttribute(name) === value) return;
  if (value === null) target.removeAttribute(name);
  else target.setAttribute(name, value);
}

/** A list of terms and their descriptions; a row whose description is null is left out. */
export function termList(rows: [term: string, description: Child][]): HTMLElement {
  const shown = rows.filter(([, description]) => description !== null);
  return elementOf(
    "dl",
    { class: "terms" },
    ...shown.map(([term, description]) => elementOf("div", {}, elementOf("dt", {}, term), elementOf("dd", {}, description))),
  );
}

export function panel(title: string, ...children: Child[]): HTMLElement {
  return elementOf("section", { class: "panel" }, elementOf("h2", {}, title), ...children);
}
