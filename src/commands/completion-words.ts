// Finds the possible next words of a command line, which is the answer to the completion scripts.
import { type CommandOutline, flagsOf, type OptionOutline, type Outline, type WordCandidates, wordsOf } from "./completion-outline.ts";

export type Choice = { word: string; text: string };

/** `message` describes a value that cannot be listed; null otherwise. */
export type Choices = { choices: Choice[]; files: boolean; message: string | null };

const nothing: Choices = { choices: [], files: false, message: null };

/** `words` are the words after `bs9`; the last one is being typed. Names of services are read only where they are possible. */
export function choicesFor(words: string[], outline: Outline, services: () => string[]): Choices {
  const line = joined(words);
  const earlier = line.slice(0, -1);
  const typed = line.at(-1) ?? "";
  if (earlier.includes("--")) return { ...nothing, files: true };
  const [name, ...given] = earlier.filter((word) => !word.startsWith("-"));
  const command = outline.commands.find((each) => wordsOf(each).includes(name ?? ""));
  const inPlace = (place: WordCandidates): Choices => ({
    choices: [...place.words, ...(place.services ? services().filter((one) => !earlier.includes(one)) : [])].map((word) => ({
      word,
      text: "",
    })),
    files: place.files,
    message: null,
  });
  const option = optionBefore(typed, earlier, command);
  if (option !== null) {
    const found = inPlace(option.place);
    return found.choices.length > 0 || found.files ? found : { ...nothing, message: option.text };
  }
  if (typed.startsWith("-")) return { ...nothing, choices: [...(command?.options ?? []), ...outline.globals].flatMap(flagChoices) };
  // After `all` no other target is useful.
  if (earlier.includes("all")) return nothing;
  if (name === undefined) return { ...nothing, choices: outline.commands.flatMap(commandChoices) };
  return command === undefined || (!command.many && given.length > 0) ? nothing : inPlace(command.place);
}

/** The answer in the format that completion-scripts.ts describes. */
export function choiceLines({ choices, files, message }: Choices): string[] {
  return [
    ...choices.map(({ word, text }) => `${word}\t${text}`),
    ...(message === null ? [] : [`:message\t${message}`]),
    ...(files ? [":files\t"] : []),
  ];
}

/** Joins `--option=value` again, which bash splits into three words. */
function joined(words: string[]): string[] {
  const whole: string[] = [];
  for (const [i, word] of words.entries()) {
    const isPart = i > 0 && (word === "=" || words[i - 1] === "=");
    if (isPart) whole.push(`${whole.pop() ?? ""}${word}`);
    else whole.push(word);
  }
  return whole;
}

/** The option whose value is being typed; null if the typed word is not such a value. */
function optionBefore(
  typed: string,
  earlier: string[],
  command: CommandOutline | undefined,
): { place: WordCandidates; text: string } | null {
  const flag = /^(--[^=]+)=/.exec(typed)?.[1] ?? earlier.at(-1) ?? "";
  const found = command?.options.find((option) => flagsOf(option).includes(flag));
  return found === undefined || found.value === null ? null : { place: found.value, text: found.text };
}

function flagChoices(option: OptionOutline): Choice[] {
  return flagsOf(option).map((word) => ({ word, text: option.text }));
}

function commandChoices(command: CommandOutline): Choice[] {
  return wordsOf(command).map((word) => ({ word, text: command.summary }));
}
