// The completion of fish, with what each command and option does. It runs no bs9.
import { type CommandOutline, type OptionOutline, type Outline, type Place, wordsOf } from "./completion-outline.ts";

export function fishCompletion({ commands, globals }: Outline): string {
  return `# fish completion for bs9, printed by: bs9 completion fish

# The names of the services, without those that stand on the line already.
function __bs9_services
    set -l folder $HOME/.config/bs9
    string match -q '/*' -- "$XDG_CONFIG_HOME"; and set folder $XDG_CONFIG_HOME/bs9
    test -n "$BS9_HOME"; and set folder $BS9_HOME/config
    set -l given (commandline -opc)
    for file in $folder/services/*.json
        set -l name (string replace -r '.*/(.*)\\.json$' '$1' -- $file)
        contains -- $name $given; or echo $name
    end
end

# The words before the cursor that are no options: the command first.
function __bs9_words
    set -l words (commandline -opc)
    string match -v -- '-*' $words[2..]
end

# Whether what stands behind -- is the app's.
function __bs9_is_behind
    contains -- -- (commandline -opc)
end

# Whether the command is one of these, '' where there is none yet.
function __bs9_is
    __bs9_is_behind; and return 1
    set -l words (__bs9_words)
    contains -- "$words[1]" $argv
end

# The same, with no other word yet.
function __bs9_is_alone
    __bs9_is $argv; and test (count (__bs9_words)) -lt 2
end

# Whether the command is one of these, unless all is on the line: then there is nothing left to name.
function __bs9_is_open
    __bs9_is $argv; and not contains -- all (__bs9_words)
end

complete -c bs9 -f
complete -c bs9 -n __bs9_is_behind -F
${commands.flatMap((each) => wordsOf(each).map((word) => `complete -c bs9 -n "__bs9_is ''" -a ${word} -d ${quoted(each.summary)}`)).join("\n")}
${globals.map((option) => optionLine(option, "")).join("\n")}
${commands.flatMap(commandLines).join("\n")}
`;
}

function commandLines(command: CommandOutline): string[] {
  const is = wordsOf(command).join(" ");
  const condition = `-n ${quoted(`${command.many ? "__bs9_is_open" : "__bs9_is_alone"} ${is}`)} `;
  const { words, services } = command.place;
  const list = listOf(command.place);
  return [
    ...(words.length > 0 || services ? [`complete -c bs9 ${condition}-a ${quoted(list)}`] : []),
    ...(command.place.files ? [`complete -c bs9 ${condition}-F`] : []),
    ...command.options.map((option) => optionLine(option, `-n ${quoted(`__bs9_is ${is}`)} `)),
  ];
}

function optionLine({ letter, long, text, value }: OptionOutline, condition: string): string {
  const list = value === null ? "" : listOf(value);
  const takes = value === null ? "" : value.files ? " -r -F" : ` -x${list === "" ? "" : ` -a ${quoted(list)}`}`;
  return `complete -c bs9 ${condition}${letter === null ? "" : `-s ${letter} `}-l ${long}${takes} -d ${quoted(text)}`;
}

function listOf({ words, services }: Place): string {
  return [...words, ...(services ? ["(__bs9_services)"] : [])].join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
