// Space of file systems when one of them hangs: the other figures go on, and a hanging directory is queried once.
import { expect, test } from "bun:test";
import { statfsSync } from "node:fs";
import { spaceReader } from "../../src/metrics/space.ts";
import { until } from "../harness.ts";

const places = { home: "/home", state: "/state", projects: ["/home", "/nfs/a", "/nfs/b", "/other"] };
/** Free bytes of each device. */
const free = [50, 40, 30, 20];
const deviceOf = (directory: string) => ["/home", "/state", "/nfs", "/other"].findIndex((top) => directory.startsWith(top));

/** Four file systems; NFS answers only while its server is up. */
class FileSystems {
  asked: string[] = [];
  #server = Promise.withResolvers<void>();
  /** The clock of the reader. */
  nowMs = 0;
  readonly #space: ReturnType<typeof spaceReader>;

  constructor(limitMs: number) {
    const answer = async <T>(directory: string, found: T): Promise<T> => {
      this.asked.push(directory);
      if (directory.startsWith("/nfs")) await this.#server.promise;
      return found;
    };
    const any = statfsSync("/");
    const asked = {
      stat: (directory: string) => answer(directory, { dev: deviceOf(directory) }),
      statfs: (directory: string) => {
        const bytes = free[deviceOf(directory)] ?? 0;
        return answer(directory, { ...any, blocks: 100, bfree: bytes, bavail: bytes, bsize: 1 });
      },
    };
    this.#space = spaceReader(asked, limitMs);
  }

  up(): void {
    this.#server.resolve();
  }

  down(): void {
    this.#server = Promise.withResolvers();
  }

  /**
   * The free bytes of home, of state and of the fullest project. Calling this starts a new round of queries if none is running.
   */
  get told(): (number | null)[] {
    this.nowMs += 30_000;
    const { homeFreeBytes, stateFreeBytes, projectsFreeBytes } = this.#space.of(places, this.nowMs);
    return [homeFreeBytes, stateFreeBytes, projectsFreeBytes];
  }

  /** Waits for this many complete rounds of queries; each round begins with the home directory. */
  async looks(count: number): Promise<void> {
    this.asked = [];
    const begun = () => this.asked.filter((directory) => directory === "/home").length;
    await until(() => this.told && begun() > count, { what: `${count} looks have ended` });
  }
}

test("the free space of the home and state directories is measured while the query of a project's file system hangs", async () => {
  const systems = new FileSystems(1e6);
  await until(() => systems.told[0] !== null, { what: "home is told" });
  expect(systems.told).toEqual([50, 40, null]);
});

test("a file system that hangs is queried once, delays no other figure, and has a value again when its server is back", async () => {
  const systems = new FileSystems(1);
  systems.up();
  await until(() => systems.told[2] === 20, { what: "the fullest project is told" });
  systems.down();
  await until(() => systems.told[2] === 50, { what: "the look has gone on without the project" });
  // The test waits for so many rounds of queries that the devices of the directories are looked up again.
  await systems.looks(22);
  expect(systems.asked.filter((directory) => directory.startsWith("/nfs"))).toEqual([]);
  expect(systems.told).toEqual([50, 40, 50]);
  systems.up();
  await until(() => systems.told[2] === 20 && systems.asked.includes("/nfs/a"), { what: "all projects are told again" });
});

test("if the file systems of all projects hang from the beginning, only one query is blocked", async () => {
  const systems = new FileSystems(1);
  await systems.looks(3);
  await systems.looks(5);
  expect(systems.told.slice(0, 2)).toEqual([50, 40]);
  expect(systems.asked.filter((directory) => directory.startsWith("/nfs"))).toEqual([]);
});
