// The limits on expensive requests: descriptions of services and log searches.
import { afterAll, expect, test } from "bun:test";
import type { Web } from "../../src/web/server.ts";
import { until } from "../harness.ts";
import { fullToken, readToken, webOf } from "./scene.ts";

const started: Web[] = [];
afterAll(async () => {
  for (const web of started) await web.stop();
});

test("callers at the same time share one description, and many different ones at once are refused", async () => {
  let described = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const names = Array.from({ length: 20 }, (_, i) => `web${i}`);
  const web = webOf({
    names: () => names,
    describe: async (name) => {
      described++;
      await promise;
      return { status: { name } } as never;
    },
  });
  started.push(web);
  const get = async (name: string) => {
    const headers = { Authorization: `Bearer ${fullToken}` };
    const answered = await fetch(`http://127.0.0.1:${web.port}/api/services/${name}`, { headers });
    return { status: answered.status, body: (await answered.json()) as { status: { name: string } } };
  };
  const same = Array.from({ length: 4 }, () => get("web0"));
  await until(() => described === 1, { what: "the description begins" });
  const others = names.slice(1).map(get);
  await until(() => described === 5, { what: "as many as are allowed" });
  const statuses = async () => (await Promise.all(others)).map(({ status }) => status).filter((status) => status === 429);
  resolve();
  expect((await Promise.all(same)).map(({ body }) => body.status.name)).toEqual(["web0", "web0", "web0", "web0"]);
  expect(described).toBe(5);
  expect(await statuses()).toHaveLength(15);
});

test("one token cannot take the log searches of all others", async () => {
  let searching = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const web = webOf({
    logs: async () => {
      searching++;
      await promise;
      return (async function* () {})();
    },
  });
  started.push(web);
  const search = async (token: string) =>
    (await fetch(`http://127.0.0.1:${web.port}/api/logs`, { headers: { Authorization: `Bearer ${token}` } })).status;
  const first = Array.from({ length: 3 }, () => search(readToken));
  await until(() => searching === 3, { what: "the searches run" });
  expect(await search(readToken)).toBe(429);
  const owners = search(fullToken);
  await until(() => searching === 4, { what: "the search of the owner runs" });
  resolve();
  expect(await Promise.all([...first, owners])).toEqual([200, 200, 200, 200]);
});
