// Parses JSON and finds the lines of its keys and of its errors, which JSON.parse does not report.

export type JsonPath = readonly (string | number)[];

/** `lineOf` is the line of a key or an element, or of the nearest part of its path that exists. */
export type ReadJson = { isRead: true; value: unknown; lineOf(path: JsonPath): number } | { isRead: false; line: number; reason: string };

const maxDepth = 32;

class Broken extends Error {
  readonly at: number;
  constructor(at: number, reason: string) {
    super(reason);
    this.at = at;
  }
}

/** Also refuses a key that an object has twice, because the first one would be ignored silently. */
export function readJson(text: string): ReadJson {
  const offsets = new Map<string, number>();
  try {
    const value = new Scanner(text, offsets).whole();
    return {
      isRead: true,
      value,
      lineOf(path) {
        for (let length = path.length; length >= 0; length--) {
          const at = offsets.get(keyOf(path.slice(0, length)));
          if (at !== undefined) return lineAt(text, at);
        }
        return 1;
      },
    };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return { isRead: false, line: lineAt(text, error.at), reason: error.message };
  }
}

const keyOf = (path: JsonPath): string => JSON.stringify(path);

function lineAt(text: string, at: number): number {
  let line = 1;
  for (let i = text.indexOf("\n"); i >= 0 && i < at; i = text.indexOf("\n", i + 1)) line++;
  return line;
}

const space = /[ \t\r\n]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON does not allow them in a string
const scalar = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

class Scanner {
  readonly #text: string;
  readonly #offsets: Map<string, number>;
  #at = 0;

  constructor(text: string, offsets: Map<string, number>) {
    this.#text = text;
    this.#offsets = offsets;
  }

  whole(): unknown {
    this.#skip();
    const value = this.#value([]);
    this.#skip();
    if (this.#at < this.#text.length) throw new Broken(this.#at, "there is text after the end of the value");
    return value;
  }

  #value(path: JsonPath): unknown {
    if (path.length > maxDepth) throw new Broken(this.#at, `there are more than ${maxDepth} levels`);
    if (!this.#offsets.has(keyOf(path))) this.#offsets.set(keyOf(path), this.#at);
    const first = this.#text[this.#at];
    if (first === "{") return this.#object(path);
    if (first === "[") return this.#array(path);
    return this.#scalar();
  }

  #object(path: JsonPath): Record<string, unknown> {
    const entries: [string, unknown][] = [];
    const known = new Set<string>();
    this.#list("}", () => {
      const at = this.#at;
      if (this.#text[at] !== '"') throw new Broken(at, "a key in double quotes is missing");
      const key = String(this.#scalar());
      if (known.has(key)) throw new Broken(at, `the key "${key}" is there twice`);
      if (key === "__proto__") throw new Broken(at, 'the key "__proto__" is not allowed');
      known.add(key);
      this.#offsets.set(keyOf([...path, key]), at);
      this.#skip();
      if (this.#text[this.#at] !== ":") throw new Broken(this.#at, "a colon is missing after a key");
      this.#at++;
      this.#skip();
      entries.push([key, this.#value([...path, key])]);
    });
    return Object.fromEntries(entries);
  }

  #array(path: JsonPath): unknown[] {
    const values: unknown[] = [];
    this.#list("]", () => values.push(this.#value([...path, values.length])));
    return values;
  }

  #list(end: "}" | "]", one: () => void): void {
    this.#at++;
    this.#skip();
    if (this.#text[this.#at] === end) {
      this.#at++;
      return;
    }
    for (;;) {
      one();
      this.#skip();
      const next = this.#text[this.#at];
      if (next !== "," && next !== end) throw new Broken(this.#at, `a comma or ${end} is missing`);
      this.#at++;
      if (next === end) return;
      this.#skip();
    }
  }

  #scalar(): unknown {
    scalar.lastIndex = this.#at;
    const [found] = scalar.exec(this.#text) ?? [];
    if (found === undefined) throw new Broken(this.#at, this.#at >= this.#text.length ? "the text ends too early" : "this is not JSON");
    this.#at += found.length;
    return JSON.parse(found);
  }

  #skip(): void {
    space.lastIndex = this.#at;
    this.#at += space.exec(this.#text)?.[0].length ?? 0;
  }
}
