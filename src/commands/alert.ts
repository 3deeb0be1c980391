// bs9 alert: shows and changes the rules and channels of alerts, silences services, acknowledges alerts, tests the channels.
import { hostname } from "node:os";
import type { RunProgram } from "../alerting/channels/command.ts";
import type { ChannelTrial } from "../alerting/channels/trial.ts";
import type { AlertEdits } from "../alerting/config/edit.ts";
import { alertMistakeLine, alertsFile, loadAlerts } from "../alerting/config/file.ts";
import { alertsJsonSchema } from "../alerting/config/json-schema.ts";
import { exitStatus, failed, usage } from "../base/errors.ts";
import { localTime, parseDuration } from "../base/quantities.ts";
import { harmless } from "../base/text.ts";
import type { Context } from "../context.ts";
import { type AlertDeps, acknowledge, changeAlerts, silence } from "../lifecycle/alert.ts";
import { runProgram } from "../lifecycle/program.ts";
import { hostName } from "../metrics/subject.ts";
import { pickTargets } from "../service/targets.ts";
import { whoActs } from "../trail/who.ts";
import { alertEdits, editsIn } from "./alert-edits.ts";
import { changedAlerts, historyOfAlerts, listedAlerts, testedChannels } from "./alert-views.ts";
import type { Command, Result, Words } from "./command.ts";
import { dashed, flagOf, textOf } from "./options.ts";

const views = ["list", "test", "history", "schema"] as const;
const testTimeoutMs = 10_000;
const longestSilenceMs = 31 * 86_400_000;

export const alertCommand: Command = {
  name: "alert",
  synopsis: "",
  summary: "tell somebody when a service fails, is unhealthy or uses too much",
  options: [
    { flags: "--list", text: "show the rules, the channels and the alerts that fire (default)" },
    { flags: "--cpu <percent>", text: "CPU usage, in percent of the limit, or of one core without a limit; off removes it" },
    {
      flags: "--memory <amount>",
      text: "memory usage, as a percentage of the limit (of the host without one) or as a size; off removes it",
    },
    { flags: "--error-rate <percent>", text: "failed requests in percent; off removes it" },
    { flags: "--uptime <percent>", text: "minimum uptime over a day; off removes it" },
    { flags: "--health [off]", text: "tell that a service is unhealthy (on by default)" },
    { flags: "--for <time>", text: "how long a threshold must be exceeded, 10s by default" },
    { flags: "--service <name>", text: "change, or show, the rules of this service only" },
    { flags: "--webhook <url>", text: "add a webhook; off removes all webhooks" },
    { flags: "--mail <address>", text: "send mail to this address, through localhost unless alerts.json names a server; off ends it" },
    { flags: "--heartbeat <url>", text: "call this URL once a minute, so that a dead host is noticed; off ends it" },
    { flags: "--cooldown <seconds>", text: "tell of the same state of a service at most once in this time, 300 by default" },
    { flags: "--enable", text: "turn alerts on" },
    { flags: "--disable", text: "turn alerts off; the rules stay" },
    { flags: "--test", text: "send a test message through each channel" },
    { flags: "--history", text: "show what was told" },
    { flags: "--ack <id>", text: "acknowledge an alert that fires" },
    { flags: "--silence <name>", text: "send no new alerts about a service for a time such as 2h; off ends it" },
    { flags: "--replay <time>", text: "show what the present rules would have told in the last time, such as 7d" },
    { flags: "--schema", text: "print the JSON Schema of alerts.json" },
  ],
  examples: [
    "bs9 alert --webhook https://hooks.example.com/services/T0/B0/key",
    "bs9 alert --cpu 90 --memory 90 --for 30s",
    "bs9 alert --service web --cpu off",
    "bs9 alert --silence web 2h",
    "bs9 alert --test",
    "bs9 alert --replay 7d",
  ],
  exits: [1, 4, 130],
  async run(given, context): Promise<Result> {
    const { options } = given;
    const asked: string[] = views.filter((view) => flagOf(options, view));
    for (const name of ["ack", "silence", "replay"]) if (textOf(options, name) !== undefined) asked.push(name);
    const [edit] = editsIn(options);
    const together = edit === undefined || asked.length === 0 ? asked : [...asked, edit];
    if (together.length > 1)
      throw usage(`${together.map((name) => `--${dashed(name)}`).join(" and ")} cannot be used together`, { hint: "bs9 help alert" });
    const [one] = asked;
    if (one !== "silence" && given.words.length > 0)
      throw usage(`alert takes no arguments (got '${harmless(given.words.join(" "))}')`, { hint: "bs9 help alert" });
    const alone = ["schema", "test", "ack", "silence"].find((name) => name === one);
    if (alone !== undefined && textOf(options, "service") !== undefined)
      throw usage(`--service cannot be used with --${alone}`, { hint: "bs9 help alert" });
    const isView = edit === undefined;
    const service = isView && textOf(options, "service") === hostName ? hostName : serviceIn(given, context);
    if (one === "schema") return schema();
    if (one === "history") return historyOfAlerts(context.paths.state, service ?? null);
    if (one === "replay") {
      const { replayedAlerts } = await import("./alert-replay.ts");
      return replayedAlerts(textOf(options, "replay") ?? "", service ?? null, context);
    }
    if (one === "test") return test(context);
    if (one === "ack") return acknowledged(textOf(options, "ack") ?? "", context);
    if (one === "silence") return silenced(given, context);
    if (edit !== undefined) return edited(alertEdits(options, service), context);
    return listedAlerts({ paths: context.paths, service: service ?? null, services: context.registry.names(), nowMs: Date.now() });
  },
};

/** The rules of a service may be set before the service exists. */
function serviceIn({ options }: Words, { registry }: Context): string | undefined {
  const name = textOf(options, "service");
  if (name === undefined) return undefined;
  if (name === hostName)
    throw usage("--service takes the name of one service, and the rules on the host are not options", {
      hint: "set hostMemory and hostDisk below rules in ~/.config/bs9/alerts.json",
    });
  const [service, ...more] = pickTargets([name], registry.names());
  if (service === undefined || more.length > 0) throw usage("--service takes the name of one service", { hint: "bs9 status" });
  return service;
}

async function schema(): Promise<Result> {
  const value = await alertsJsonSchema();
  return { value, names: [], text: () => JSON.stringify(value, null, 2).split("\n") };
}

async function edited(edits: AlertEdits, context: Context): Promise<Result> {
  const changed = await changeAlerts(edits, depsOf(context));
  return changedAlerts(alertsFile(context.paths.config), changed, loadAlerts(context.paths.config));
}

async function silenced({ words, options }: Words, context: Context): Promise<Result> {
  const [text, ...more] = words;
  if (text === undefined || more.length > 0)
    throw usage("--silence needs the name of a service and a time, or off", { hint: "bs9 alert --silence NAME 2h" });
  const asked = textOf(options, "silence") ?? "";
  const [name, ...others] = asked === hostName ? [hostName] : pickTargets([asked], context.registry.names());
  if (name === undefined || others.length > 0) throw usage("--silence takes the name of one service", { hint: "bs9 status" });
  const lastsMs = text === "off" ? null : parseDuration(text, "the time of --silence");
  if (lastsMs !== null && (lastsMs < 1000 || lastsMs > longestSilenceMs))
    throw usage(`the time of --silence must be from 1s to 31d (got '${text}')`);
  const untilMs = lastsMs === null ? null : Date.now() + lastsMs;
  const isChanged = await silence(name, untilMs, depsOf(context));
  const until = untilMs === null ? null : new Date(untilMs).toISOString();
  const line =
    untilMs === null ? `${name} is ${isChanged ? "no longer" : "not"} silenced` : `${name} is silenced until ${localTime(untilMs)}`;
  return { value: { service: name, silencedUntil: until }, names: [name], text: () => [line] };
}

async function acknowledged(id: string, context: Context): Promise<Result> {
  const subject = await acknowledge(id, depsOf(context));
  return { value: { id, subject, acknowledged: true }, names: [id], text: () => [`the alert ${id} on ${subject} is acknowledged`] };
}

async function test(context: Context): Promise<Result> {
  const trials = await testedHere(context);
  const isWell = trials.length > 0 && trials.every(({ ok }) => ok);
  return { ...testedChannels(trials), exitStatus: isWell ? exitStatus.done : exitStatus.failed };
}

/** Sends a test message through each channel. Throws if alerts.json has mistakes. */
export async function testedHere(context: Context): Promise<ChannelTrial[]> {
  const { config, mistakes } = loadAlerts(context.paths.config);
  const path = alertsFile(context.paths.config);
  if (config === null) throw failed(`cannot test the channels: ${mistakes.map((mistake) => alertMistakeLine(path, mistake)).join("; ")}`);
  const { testChannels } = await import("../alerting/channels/trial.ts");
  const { channels, heartbeat } = config;
  const run: RunProgram = async (argv, input, timeoutMs) => {
    const { backend } = await context.deps();
    return runProgram(argv, input, timeoutMs, { backend, paths: context.paths });
  };
  const ground = { home: context.paths.home, now: Date.now, run };
  return testChannels({ channels, heartbeat, host: hostname(), timeoutMs: testTimeoutMs, ...ground });
}

function depsOf({ registry, trail, paths, terminal, warn, env }: Context): AlertDeps {
  const progress = (text: string) => terminal.progress(text);
  return { registry, trail, paths, warn, progress, now: Date.now, user: whoActs("cli", env).user };
}
