// The completion scripts of the shells. Each asks `bs9 completion --words` for the possible next words, so that a newer bs9
// needs no new script. Each line of the answer is a word, a tab and a description. A line that begins with a colon is an
// instruction to the script: `:files` means to offer file names, and `:message` carries the description of a value that cannot
// be listed.

export const completionScripts: Record<string, string> = {
  bash: `# bash completion for bs9, printed by: bs9 completion bash

_bs9() {
  local typed=\${COMP_WORDS[COMP_CWORD]} word file
  # bash splits --option=value into three words.
  [[ $typed != = ]] || typed=''
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    case $word in
      :files)
        compopt -o filenames 2>/dev/null
        while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$typed")
        ;;
      :*) ;;
      "$typed"*) COMPREPLY+=("$word") ;;
    esac
  done < <(command bs9 completion --words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}

complete -F _bs9 bs9
`,

  zsh: `#compdef bs9
# zsh completion for bs9, printed by: bs9 completion zsh

_bs9() {
  local line word text files=0
  local -a choices
  for line in \${(f)"$(command bs9 completion --words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"}; do
    word=\${line%%$'\\t'*} text=\${line#*$'\\t'}
    case $word in
      (:files) files=1 ;;
      (:message) _message -r "$text" ;;
      # _describe splits at the first colon that has no backslash before it.
      (*) choices+=("\${word//:/\\\\:}:$text") ;;
    esac
  done
  [[ \${words[CURRENT]} != --*=* ]] || compset -P '*='
  (( \${#choices} == 0 )) || _describe bs9 choices
  (( ! files )) || _files
}

if [[ \${funcstack[1]-} == _bs9 ]]; then
  _bs9 "$@"
else
  # The .zshrc that reads this file has not turned completion on.
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
  compdef _bs9 bs9
fi
`,

  fish: `# fish completion for bs9, printed by: bs9 completion fish

function __bs9_words
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    # fish replaces --option=value as a whole, so each answer repeats the option.
    set -l option (string replace -rf '^(--[^=]+=).*$' '$1' -- "$typed")
    for line in (command bs9 completion --words -- $words[2..] "$typed" 2>/dev/null)
        switch $line
            case ':files*'
                for file in (__fish_complete_path (string replace -r '^--[^=]+=' '' -- "$typed"))
                    echo "$option$file"
                end
            case ':*'
            case '*'
                echo "$option$line"
        end
    end
end

complete -c bs9 -f -a '(__bs9_words)'
`,
};
