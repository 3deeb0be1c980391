// `bs9 alert --test` of the built executable against real servers that take the message, refuse it, hang, or do not exist.
import { afterAll, expect, test } from "bun:test";
import { httpReceiver, smtpReceiver } from "../alerting/receivers.ts";
import { Place } from "../supervisor/bs9.ts";

const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** The longest that a channel may take, and time for a busy machine to start the command and a sandbox. */
const longestMs = 10_000 + 15_000;

function server(answer?: Parameters<typeof httpReceiver>[0]): string {
  const made = httpReceiver(answer);
  closing.push(made.stop);
  return made.url;
}

async function smtp(options: Parameters<typeof smtpReceiver>[0] = {}) {
  const made = await smtpReceiver(options);
  closing.push(made.stop);
  return { host: "127.0.0.1", port: made.port };
}

async function tested(channels: object): Promise<{ code: number; stdout: string; tookMs: number }> {
  const place = new Place();
  closing.push(() => place.down());
  place.write("program.sh", '#!/bin/sh\ngrep -q \'"version":1\' && exit "$1"\n');
  Bun.spawnSync(["chmod", "755", `${place.folder}/program.sh`]);
  place.write("bs9/config/alerts.json", JSON.stringify({ channels }).replaceAll("PROGRAM", `${place.folder}/program.sh`));
  const beganMs = performance.now();
  const { code, stdout } = await place.bs9("alert", "--test");
  return { code, stdout, tookMs: performance.now() - beganMs };
}

test("each channel gives one line, whether it takes the message, refuses it, hangs or does not exist", async () => {
  const urls = [
    server(),
    server(() => new Response("no such hook", { status: 403 })),
    server(() => new Promise<Response>(() => {})),
    "http://does-not-exist.invalid/hook",
  ];
  const addresses = { from: "bs9@example.org", to: "ops@example.org" };
  const mails = [
    await smtp(),
    await smtp({ refuse: { verb: "RCPT", line: "550 no such user" } }),
    await smtp({ hang: "EHLO" }),
    { host: "does-not-exist.invalid", port: 25 },
  ];
  const argvs = [["PROGRAM", "0"], ["PROGRAM", "3"], ["/does/not/exist"], undefined];
  const results = await Promise.all(
    mails.map((mail, i) => {
      const argv = argvs[i];
      return tested({
        webhooks: i === 0 ? urls.map((url) => ({ url })) : [],
        mail: { ...mail, ...addresses },
        ...(argv === undefined ? {} : { command: { argv } }),
        journal: true,
      });
    }),
  );
  const [webhooks = "", ...rest] = results.map(({ stdout }) => stdout);
  expect(lines(webhooks)).toEqual([
    expect.stringMatching(/^ok webhook .*: 204 No Content \(\d/),
    expect.stringMatching(/^failed webhook .*: 403 Forbidden: no such hook \(\d/),
    expect.stringMatching(/^failed webhook .*: no answer in time \(1\d\.\d s\)$/),
    expect.stringMatching(
      /^failed webhook http:\/\/does-not-exist\.invalid\/….*: (no connection|the host does not exist|no answer in time)/,
    ),
    expect.stringMatching(/^ok mail to ops@example\.org by .*: \d+/),
    expect.stringMatching(/^ok command .*: exited with 0 \(/),
    journalLine,
  ]);
  expect(rest.map(lines)).toEqual([
    [expect.stringMatching(/^failed mail .*550 no such user/), expect.stringMatching(/^failed command .*: exited with 3/), journalLine],
    [
      expect.stringMatching(/^failed mail .*: no answer in time \(1\d\.\d s\)$/),
      expect.stringMatching(/^failed command .* does not exist/),
      journalLine,
    ],
    [expect.stringMatching(/^failed mail .*(does not exist|no answer in time|ENOTFOUND|EAI_AGAIN)/), journalLine],
  ]);
  expect(results.map(({ code }) => code)).toEqual([1, 1, 1, 1]);
  for (const { tookMs } of results) expect(tookMs).toBeLessThan(longestMs);
}, 120_000);

/** On a machine without journald its socket does not exist. */
const journalLine = expect.stringMatching(/^(ok|failed) journal: .* \(\d/);

const lines = (stdout: string): string[] => stdout.trimEnd().split("\n");

test("where every channel takes the message, the command succeeds", async () => {
  const { code, stdout } = await tested({
    webhooks: [{ url: server() }],
    mail: { ...(await smtp()), from: "bs9@example.org", to: "ops@example.org" },
  });
  expect([code, lines(stdout).length]).toEqual([0, 2]);
}, 60_000);
