// The parts of a sandbox that only systemd provides, as the supervisor reports them.
import { expect, test } from "bun:test";
import { lackOf } from "../../src/supervisor/lacks.ts";

test.each([
  ["without systemd", false, "only systemd can do this, and this machine runs without systemd"],
  ["with systemd", true, "only systemd can do this, and BS9_BACKEND chose the supervisor"],
])("on a machine %s describe names the right fix for a missing directive", (_, hasSystemd, why) => {
  const found = lackOf("standard", 6, null, hasSystemd).find(({ directive }) => directive === "PrivateTmp=yes");
  expect(found?.why).toBe(why);
});
