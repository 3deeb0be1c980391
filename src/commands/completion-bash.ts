// The completion of bash. It runs no bs9: the services are read from the folder of their specs.
import { type CommandOutline, flagsOf, type OptionOutline, type Outline, quoted, wordsOf } from "./completion-outline.ts";

export function bashCompletion({ commands, globals }: Outline): string {
  return `# bash completion for bs9, printed by: bs9 completion bash

# The names of the services, without those that stand on the line already. compgen -W expands what it is given, so a
# file that is no spec of bs9 must not get there.
_bs9_services() {
  local folder=\${XDG_CONFIG_HOME-} file name
  [[ $folder == /* ]] || folder=$HOME/.config
  folder=$folder/bs9
  [[ -z \${BS9_HOME-} ]] || folder=$BS9_HOME/config
  for file in "$folder"/services/*.json; do
    name=\${file##*/}
    name=\${name%.json}
    [[ $name =~ ^[a-z][a-z0-9-]*$ && " \${COMP_WORDS[*]:1:COMP_CWORD-1} " != *" $name "* ]] && printf '%s\\n' "$name"
  done
}

# WORDS SERVICES FILES: answers with those that begin with what is typed.
_bs9_answer() {
  local words=$1 found
  [[ -z $2 ]] || words+=" $(_bs9_services)"
  while IFS= read -r found; do COMPREPLY+=("$found"); done < <(compgen -W "$words" -- "$typed")
  [[ -n $3 ]] || return 0
  compopt -o filenames 2>/dev/null
  while IFS= read -r found; do COMPREPLY+=("$found"); done < <(compgen -f -- "$typed")
}

_bs9() {
  local typed=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command='' given=0 i
  COMPREPLY=()
  # bash makes three words of --option=value.
  if [[ $typed == = ]]; then
    typed=''
  elif [[ $before == = ]]; then
    before=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      --) _bs9_answer '' '' files; return ;;
      -* | =) ;;
      *) if [[ -z $command ]]; then command=\${COMP_WORDS[i]}; else given=$((given + 1)); fi ;;
    esac
  done
  case $command:$before in
${commands.flatMap(valueCases).join("\n")}
  esac
  if [[ $typed == -* ]]; then
    case $command in
${commands
  .filter(({ options }) => options.length > 0)
  .map((each) => `      ${pattern(each)}) _bs9_answer ${quoted(flagList(each.options))} '' '' ;;`)
  .join("\n")}
    esac
    _bs9_answer ${quoted(flagList(globals))} '' ''
    return
  fi
  # Behind all there is nothing left to name.
  [[ " \${COMP_WORDS[*]:1:COMP_CWORD-1} " != *" all "* ]] || return 0
  case $command in
    '') _bs9_answer ${quoted(commands.flatMap(wordsOf).join(" "))} '' '' ;;
${commands.flatMap(placeCase).join("\n")}
  esac
}

complete -F _bs9 bs9
`;
}

function valueCases(command: CommandOutline): string[] {
  return command.options.flatMap(({ value, ...option }) => {
    if (value === null) return [];
    const places = flagsOf({ ...option, value }).flatMap((flag) => wordsOf(command).map((word) => `${word}:${flag}`));
    return `    ${places.join(" | ")}) ${answer(value)}; return ;;`;
  });
}

function placeCase(command: CommandOutline): string[] {
  const { place, many } = command;
  if (place.words.length === 0 && !place.services && !place.files) return [];
  return [`    ${pattern(command)}) ${many ? "" : "((given)) || "}${answer(place)} ;;`];
}

function answer({ words, services, files }: CommandOutline["place"]): string {
  return `_bs9_answer ${quoted(words.join(" "))} ${services ? "services" : "''"} ${files ? "files" : "''"}`;
}

function pattern(command: CommandOutline): string {
  return wordsOf(command).join(" | ");
}

function flagList(options: OptionOutline[]): string {
  return options.flatMap(flagsOf).join(" ");
}
