import { promptBody } from "./prompt.ts";
import { posixQuoted, type ShellText } from "../../text/shell-words.ts";

export function zshText(program: string): ShellText {
  const quoted = posixQuoted(program);
  return {
    // With the keyword, an alias of that name does not break the definition.
    wrapper: `function codex {
  if [ "\${1-}" = auth ]; then
    shift
    CODEX_AUTH_INVOKED_AS='codex auth' ${quoted} "$@"
  else
    command codex "$@"
  fi
}
`,
    completion: `function _codex_auth {
  local skip=1 dashes line value row word
  local -a given values shown rows
  if [[ \${words[1]:t} == codex ]]; then
    if (( CURRENT == 2 )); then compadd -- auth; fi
    if (( CURRENT == 2 )) || [[ \${words[2]} != auth ]]; then
      # The completion that codex had before is asked for everything else.
      \${_codex_auth_before:-_default} "$@"
      return
    fi
    skip=2
  fi
  dashes=\${words[(i)--]}
  if (( dashes < CURRENT )); then
    shift $dashes words
    (( CURRENT -= dashes ))
    _normal
    return
  fi
  given=("\${(@Q)words[skip + 1, CURRENT - 1]}" "\${(Q)PREFIX}")
  for line in "\${(@f)$(${quoted} __complete -- "\${given[@]}" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    value=\${line%%$'\\t'*}
    values+=("$value")
    # A terminal breaks in mid-word what is too long: each row is filled up to its edge instead.
    rows=() row=$value
    if (( \${(m)#value} < 22 )); then row=\${(mr:22:)value}; fi
    for word in \${=line#*$'\\t'}; do
      if (( \${(m)#row} + \${(m)#word} >= COLUMNS )); then
        rows+=("\${(mr:COLUMNS:)row}")
        row=\${(r:22:):-}
      fi
      row+=" $word"
    done
    shown+=("\${(j::)rows}$row")
  done
  if (( $#values )); then compadd -l -d shown -a values; else _files; fi
}
# Without compinit there is no completion to add to.
if (( \${+functions[compdef]} )); then
  if [[ \${_comps[codex]-} != _codex_auth ]]; then _codex_auth_before=\${_comps[codex]-}; fi
  compdef _codex_auth codex codex-auth
fi
`,
    prompt: `# Sets CODEX_AUTH_PROMPT from a small file, with nothing but builtins: no process is started at a prompt.
function __codex_auth_prompt {
  emulate -L zsh
  CODEX_AUTH_PROMPT=
${promptBody(clock)}  # A prompt of zsh reads % as a command.
  CODEX_AUTH_PROMPT=\${CODEX_AUTH_PROMPT//\\%/%%}
}
`,
  };
}

const clock = `  zmodload zsh/datetime 2>/dev/null && now=$EPOCHSECONDS
`;
