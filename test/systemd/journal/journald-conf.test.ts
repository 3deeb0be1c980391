// The rate limit as journald finds it: drop-ins, their order, time spans, and the values that user@UID.service sets itself.
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { journaldConf, spanMs } from "../../../src/systemd/journal/journald-conf.ts";

function rootWith(files: Record<string, string>, links: Record<string, string> = {}): string {
  const root = mkdtempSync(join(tmpdir(), "bs9-test-"));
  for (const path of [...Object.keys(files), ...Object.keys(links)]) mkdirSync(dirname(join(root, path)), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(root, path));
  return root;
}

test.each([
  ["30s", 30_000],
  ["1min 30s", 90_000],
  ["5min20s", 320_000],
  ["30", 30_000],
  ["0", 0],
  ["1h", 3_600_000],
  ["500ms", 500],
  ["", null],
  ["soon", null],
  ["5 parsecs", null],
])("the time span %j in journald.conf is parsed as %p ms", (text, ms) => expect(spanMs(text)).toBe(ms));

test.each<[string, Record<string, string>, Record<string, string>, number, number]>([
  ["nothing", {}, {}, 30_000, 10_000],
  [
    "the file",
    { "etc/systemd/journald.conf": "[Journal]\n#RateLimitBurst=1\nRateLimitBurst = 500\nRateLimitIntervalSec=1min" },
    {},
    60_000,
    500,
  ],
  [
    "a drop-in after it",
    { "etc/systemd/journald.conf": "RateLimitBurst=500", "usr/lib/systemd/journald.conf.d/50.conf": "RateLimitBurst=700" },
    {},
    30_000,
    700,
  ],
  [
    "names in order",
    { "etc/systemd/journald.conf.d/10.conf": "RateLimitBurst=1", "usr/lib/systemd/journald.conf.d/90.conf": "RateLimitBurst=2" },
    {},
    30_000,
    2,
  ],
  [
    "/etc hides",
    { "etc/systemd/journald.conf.d/x.conf": "", "usr/lib/systemd/journald.conf.d/x.conf": "RateLimitBurst=2" },
    {},
    30_000,
    10_000,
  ],
  ["off", { "etc/systemd/journald.conf.d/x.conf": "RateLimitIntervalSec=0" }, {}, 0, 10_000],
  [
    "of the user's own unit",
    { "etc/systemd/journald.conf.d/x.conf": "RateLimitBurst=2" },
    {
      "run/systemd/units/log-rate-limit-burst:user@1001.service": "99",
      "run/systemd/units/log-rate-limit-interval:user@1001.service": "5000000",
    },
    5000,
    99,
  ],
])("bs9 finds the rate limit of journald: %s", async (_, files, links, intervalMs, burst) =>
  expect((await journaldConf(1001, rootWith(files, links))).limit).toEqual({ intervalMs, burst }),
);

test("a link to /dev/null disables the journald drop-in of the same name", async () => {
  const files = { "usr/lib/systemd/journald.conf.d/x.conf": "Storage=none\nSystemMaxUse=1M" };
  expect(await journaldConf(1001, rootWith(files))).toMatchObject({ storage: "none", maxUse: "1M" });
  const masked = rootWith(files, { "etc/systemd/journald.conf.d/x.conf": "/dev/null" });
  expect(await journaldConf(1001, masked)).toMatchObject({ storage: "auto", maxUse: null });
});
