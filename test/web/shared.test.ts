// Work that several requests share: it is done once, it has a time limit, and work that hangs does not pile up.
import { expect, test } from "bun:test";
import { keptWork } from "../../src/web/shared.ts";

const fresh = { freshMs: 0, staleMs: 0 };

test("callers of work that hangs are refused after a while, and only one more begins for each time in which it counts as lost", async () => {
  let begun = 0;
  const hangs = () => {
    begun++;
    return new Promise<never>(() => {});
  };
  const { get } = keptWork("the sample", hangs, fresh, { timeoutMs: 20, lostMs: 100_000 });
  const outcomes = await Promise.allSettled([get(), get(), get()]);
  for (const outcome of outcomes)
    expect(outcome).toMatchObject({ status: "rejected", reason: { message: "the sample could not be read within 0.02 s" } });
  await expect(get()).rejects.toThrow("could not be read");
  expect(begun).toBe(1);
  const lost = keptWork("the sample", hangs, fresh, { timeoutMs: 20, lostMs: 0 });
  await expect(lost.get()).rejects.toThrow("could not be read");
  await expect(lost.get()).rejects.toThrow("could not be read");
  expect(begun).toBe(3);
});

test("after forget the next caller gets a new result, and an older one that comes late is not kept", async () => {
  const results = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
  let calls = 0;
  const kept = keptWork("the sample", () => (results[calls++] ?? Promise.withResolvers<number>()).promise, { freshMs: 1e6, staleMs: 1e6 });
  const first = kept.get();
  kept.forget();
  const second = kept.get();
  results[1]?.resolve(2);
  expect(await second).toBe(2);
  results[0]?.resolve(1);
  expect([await first, await kept.get()]).toEqual([1, 2]);
});
