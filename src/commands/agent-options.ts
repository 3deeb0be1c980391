// The options of an agent that come from the context of the command that runs it.
import { harmless } from "../base/text.ts";
import type { Context } from "../context.ts";

export const agentOptions = ({ paths, registry, trailOf, config, env, terminal }: Context) => ({
  paths,
  registry,
  trail: trailOf("agent"),
  config,
  env,
  say: (sentence: string) => terminal.note(harmless(sentence)),
});
