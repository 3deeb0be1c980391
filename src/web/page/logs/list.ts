// The list of log lines: at most a thousand in the page. It follows the end until the user scrolls up; what comes meanwhile is
// counted, and never moves what the user reads.
import type { LogLine } from "../../../logs/query.ts";
import { elementOf } from "../base/dom.ts";
import { logLine } from "./line.ts";

const maxShown = 1000;
const nearPx = 40;

export type LogListOptions = {
  /** The newest lines were left out: reads the last lines again, for `replace`. */
  onReread(): Promise<void>;
  /** Scrolled to the top: older lines are wanted. */
  onTop(): void;
  /** The list follows, or it is paused with so many new lines waiting. */
  onFollow(isFollowing: boolean, waiting: number): void;
};

export class LogList {
  readonly root = elementOf("div", { class: "lines", role: "log", "aria-live": "off", "aria-label": "Log lines", tabindex: 0 });
  readonly #options: LogListOptions;
  #look = { sought: "", withService: true };
  #waiting: LogLine[] = [];
  #waitingCount = 0;
  #isFollowing = true;
  #isTrimmed = false;
  #isRereading = false;

  constructor(options: LogListOptions) {
    this.#options = options;
    this.root.addEventListener("scroll", () => this.#scrolled(), { passive: true });
  }

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  replace(lines: readonly LogLine[], look: { sought: string; withService: boolean }, empty: Node): void {
    this.#look = look;
    this.#waiting = [];
    this.#waitingCount = 0;
    this.root.replaceChildren(...(lines.length === 0 ? [empty] : lines.map((line) => logLine(line, look))));
    this.#isFollowing = true;
    this.#isTrimmed = false;
    this.#toEnd();
    this.#options.onFollow(true, 0);
  }

  append(lines: readonly LogLine[], isCut: boolean): void {
    if (lines.length === 0) return;
    if (!this.#isFollowing) {
      this.#waiting = [...this.#waiting, ...lines].slice(-maxShown);
      this.#waitingCount += lines.length;
      this.#options.onFollow(false, this.#waitingCount);
      return;
    }
    this.#add(lines, isCut ? "some lines are left out here, because they came faster than they can be read" : null);
  }

  prepend(lines: readonly LogLine[]): void {
    const before = this.root.scrollHeight;
    this.root.prepend(...lines.map((line) => logLine(line, this.#look)));
    this.root.scrollTop += this.root.scrollHeight - before;
    // "Follow" reads the newest lines, which are left out here, again.
    while (this.root.childElementCount > 2 * maxShown) {
      this.root.lastElementChild?.remove();
      this.#isTrimmed = true;
    }
  }

  follow(isWanted: boolean): void {
    if (isWanted && this.#isTrimmed) {
      void this.#reread();
      return;
    }
    this.#isFollowing = isWanted;
    if (isWanted) {
      const left = this.#waitingCount - this.#waiting.length;
      this.#add(this.#waiting, left > 0 ? `${left} lines are left out here` : null);
      this.#waiting = [];
      this.#waitingCount = 0;
    }
    this.#options.onFollow(isWanted, this.#waitingCount);
  }

  /** Scrolls to the next or previous error: from the one found last, else the last one before the end. */
  toError(direction: 1 | -1): void {
    const errors = [...this.root.querySelectorAll<HTMLElement>('.line[data-level="error"], .line[data-level="fatal"]')];
    const at = errors.findIndex((line) => line.hasAttribute("data-found"));
    const found = at === -1 ? errors.at(-1) : errors[at + direction];
    if (found === undefined) return;
    this.follow(false);
    for (const line of errors) line.toggleAttribute("data-found", line === found);
    found.scrollIntoView({ block: "center" });
  }

  #add(lines: readonly LogLine[], gap: string | null): void {
    this.root.querySelector(".none")?.remove();
    if (gap !== null) this.root.append(elementOf("p", { class: "gap" }, gap));
    this.root.append(...lines.map((line) => logLine(line, this.#look)));
    while (this.root.childElementCount > maxShown) this.root.firstElementChild?.remove();
    this.#toEnd();
  }

  async #reread(): Promise<void> {
    if (this.#isRereading) return;
    this.#isRereading = true;
    await this.#options.onReread();
    this.#isRereading = false;
  }

  #toEnd(): void {
    this.root.scrollTop = this.root.scrollHeight;
  }

  #scrolled(): void {
    const { scrollTop, clientHeight, scrollHeight } = this.root;
    const isAtEnd = scrollTop + clientHeight > scrollHeight - nearPx;
    if (this.#isFollowing && !isAtEnd) this.follow(false);
    else if (!this.#isFollowing && isAtEnd && this.#waitingCount === 0) this.follow(true);
    if (scrollTop < nearPx && scrollHeight > clientHeight) this.#options.onTop();
  }
}
