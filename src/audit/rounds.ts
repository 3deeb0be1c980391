// Answers questions that may depend on each other in a circle, each of them once, within limits.

// Where one of these cuts something off, `exhausted` says so.
const deepest = 1000;
const mostRounds = 20;
const mostSteps = 2_000_000;
// Each question may take this many steps, however much the ones before have taken.
const leastSteps = 1000;

/**
 * `compute` asks in its turn. An answer that is needed before it is found counts as what the round
 * before found of it; rounds go on until none finds more. So answers must only ever grow.
 */
export class Rounds<Answer> {
  exhausted = false;
  readonly #answers = new Map<object, Answer[]>();
  readonly #underWay = new Set<object>();
  readonly #circular = new Map<object, Answer[]>();
  readonly #nothing: Answer[] = [];
  #isPartial = false;
  #ofRound: object[] = [];
  #stepsLeft = mostSteps;
  #depth = 0;

  ask(question: object, compute: () => Answer[]): Answer[] {
    if (this.#depth > 0) return this.#once(question, compute);
    this.#stepsLeft = Math.max(this.#stepsLeft, leastSteps);
    this.#circular.clear();
    for (let round = 1; ; round++) {
      this.#isPartial = false;
      this.#ofRound = [];
      const answers = this.#once(question, compute);
      if (!this.#isPartial || !this.#learn()) return answers;
      if (round === mostRounds) {
        this.exhausted = true;
        return answers;
      }
      for (const asked of this.#ofRound) this.#answers.delete(asked);
    }
  }

  #once(question: object, compute: () => Answer[]): Answer[] {
    const found = this.#answers.get(question);
    if (found !== undefined) return found;
    if (this.#underWay.has(question)) {
      const before = this.#circular.get(question) ?? [];
      this.#circular.set(question, before);
      this.#isPartial = true;
      return before;
    }
    if (this.#stepsLeft-- <= 0 || this.#depth >= deepest) {
      this.exhausted = true;
      return [];
    }
    this.#depth++;
    this.#underWay.add(question);
    try {
      const computed = compute();
      // Most answers are empty, and there is one for each part of the source.
      const answers = computed.length === 0 ? this.#nothing : computed;
      this.#answers.set(question, answers);
      this.#ofRound.push(question);
      return answers;
    } finally {
      this.#underWay.delete(question);
      this.#depth--;
    }
  }

  // True where the round found more than the one before.
  #learn(): boolean {
    let isNew = false;
    for (const [question, before] of this.#circular) {
      const now = this.#answers.get(question) ?? before;
      if (now.length > before.length) isNew = true;
      this.#circular.set(question, now);
    }
    return isNew;
  }
}
