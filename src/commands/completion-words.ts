// What may stand next on a command line: the answer to the completion scripts.
import { type CommandOutline, flagsOf, type OptionOutline, type Outline, type WordCandidates, wordsOf } from "./completion-outline.ts";

export type Choice = { word: string; text: string };

/** `message` says what a value is that cannot be listed; else null. */
export type Choices = { choices: Choice[]; files: boolean; message: string | null };

const nothing: Choices = { choices: [], files: false, message: null };

/** `words` are those behind `bs9`; the last one is being typed. The names of the services are read only where they may stand. */
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
  // Behind all there is nothing left to name.
  if (earlier.includes("all")) return nothing;
  if (name === undefined) return { ...nothing, choices: outline.commands.flatMap(commandChoices) };
  return command === undefined || (!command.many && given.length > 0) ? nothing : inPlace(command.place);
}

/** The lines that the scripts read. */
export function choiceLines({ choices, files, message }: Choices): string[] {
  return [
    ...choices.map(({ word, text }) => `${word}\t${text}`),
    ...(message === null ? [] : [`:message\t${message}`]),
    ...(files ? [":files\t"] : []),
  ];
}

/** bash makes three words of `--option=value`. */
function joined(words: string[]): string[] {
  const whole: string[] = [];
  for (const [i, word] of words.entries()) {
    const isPart = i > 0 && (word === "=" || words[i - 1] === "=");
    if (isPart) whole.push(`${whole.pop() ?? ""}${word}`);
    else whole.push(word);
  }
  return whole;
}

/** The option whose value is being typed. */
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
