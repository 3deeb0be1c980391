// The completion of zsh, with what each command and option does. It runs no bs9.
import { type CommandOutline, flagsOf, type OptionOutline, type Outline, type Place, quoted, wordsOf } from "./completion-outline.ts";

export function zshCompletion({ commands, globals }: Outline): string {
  return `#compdef bs9
# zsh completion for bs9, printed by: bs9 completion zsh

# The names of the services, without those that stand on the line already.
_bs9_services() {
  local folder=\${XDG_CONFIG_HOME-}
  [[ $folder == /* ]] || folder=$HOME/.config
  folder=$folder/bs9
  [[ -z \${BS9_HOME-} ]] || folder=$BS9_HOME/config
  local -a names earlier
  names=("$folder"/services/*.json(N:t:r))
  earlier=(\${words[1,CURRENT-1]})
  names=(\${names:|earlier})
  compadd -X service -a names
}

_bs9() {
  local typed=\${words[CURRENT]} before=\${words[CURRENT-1]} command='' given=0 i
  local -a verbs flags
  if [[ $typed == --*=* ]]; then
    before=\${typed%%=*}
    compset -P '*='
    typed=\${typed#*=}
  fi
  for ((i = 2; i < CURRENT; i++)); do
    case \${words[i]} in
      --) _files; return ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=\${words[i]}; else given=$((given + 1)); fi ;;
    esac
  done
  case $command:$before in
${commands.flatMap(valueCases).join("\n")}
  esac
  if [[ $typed == -* ]]; then
    case $command in
${commands
  .filter(({ options }) => options.length > 0)
  .map((each) => `      (${pattern(each)}) flags=(${flagList(each.options)}) ;;`)
  .join("\n")}
    esac
    flags+=(${flagList(globals)})
    _describe -o option flags
    return
  fi
  # Behind all there is nothing left to name.
  (( \${words[(I)all]} == 0 || \${words[(I)all]} >= CURRENT )) || return 0
  case $command in
    ('')
      verbs=(${commands.flatMap((each) => wordsOf(each).map((word) => described(word, each.summary))).join(" ")})
      _describe command verbs ;;
${commands.flatMap(placeCase).join("\n")}
  esac
}

if [[ \${funcstack[1]-} == _bs9 ]]; then
  _bs9 "$@"
else
  # Read by a .zshrc that has not turned completion on.
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
  compdef _bs9 bs9
fi
`;
}

function valueCases(command: CommandOutline): string[] {
  return command.options.flatMap(({ value, ...option }) => {
    if (value === null) return [];
    const places = flagsOf({ ...option, value }).flatMap((flag) => wordsOf(command).map((word) => `${word}:${flag}`));
    const acts = answers(value);
    return `    (${places.join("|")}) ${acts.length === 0 ? `_message ${quoted(option.text)}` : acts.join("; ")}; return ;;`;
  });
}

function placeCase(command: CommandOutline): string[] {
  const acts = answers(command.place);
  if (acts.length === 0) return [];
  return [`    (${pattern(command)}) ${command.many ? acts.join("; ") : `((given)) || { ${acts.join("; ")} }`} ;;`];
}

function answers({ words, services, files }: Place): string[] {
  return [
    ...(words.length > 0 ? [`compadd -- ${words.join(" ")}`] : []),
    ...(services ? ["_bs9_services"] : []),
    ...(files ? ["_files"] : []),
  ];
}

function pattern(command: CommandOutline): string {
  return wordsOf(command).join("|");
}

function flagList(options: OptionOutline[]): string {
  return options.flatMap((option) => flagsOf(option).map((flag) => described(flag, option.text))).join(" ");
}

/** _describe splits at the first colon that has no backslash before it. */
function described(word: string, text: string): string {
  return quoted(`${word.replaceAll(":", "\\:")}:${text}`);
}
