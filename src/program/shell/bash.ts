import { promptBody } from "./prompt.ts";
import { posixQuoted, type ShellText } from "../../text/shell-words.ts";

/** For bash 3.2 and newer, also with `set -u` and in POSIX mode. */
export function bashText(program: string): ShellText {
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
    completion: `# The completion that codex had before is asked for everything else.
if [ -z "\${__codex_auth_before-}" ]; then
  __codex_auth_before=$(complete -p codex 2>/dev/null) || :
  case $__codex_auth_before in
    *' -F __codex_auth_complete '*) __codex_auth_before= ;;
    *' -F '*) __codex_auth_before=\${__codex_auth_before#* -F } __codex_auth_before=\${__codex_auth_before%% *} ;;
    *) __codex_auth_before= ;;
  esac
fi

__codex_auth_complete() {
  local line=\${COMP_LINE:0:COMP_POINT} skip=1 typed count value kept=
  local -a words
  # Without -r, so that a backslash quotes as it does for the shell.
  IFS=$' \\t\\n' read -a words <<<"$line"
  case $line in *[[:space:]]) words+=("") ;; esac
  count=\${#words[@]}
  typed=\${words[count - 1]}
  COMPREPLY=()
  if [ "\${words[0]##*/}" = codex ]; then
    if [ "$count" -le 2 ] || [ "\${words[1]}" != auth ]; then
      if [ -n "$__codex_auth_before" ]; then "$__codex_auth_before" "$@"; fi
      if [ "$count" -eq 2 ]; then case auth in "$typed"*) COMPREPLY+=(auth) ;; esac; fi
      return 0
    fi
    skip=2
  fi
  [ "$count" -gt "$skip" ] || return 0
  # Readline replaces only $2, which begins at the last of its word breaks, such as the @ of an e-mail.
  case $typed in *"$2") kept=\${typed%"$2"} ;; esac
  while IFS=$'\\t' read -r value _; do
    [ -n "$value" ] || continue
    case $value in "$typed"*) printf -v value %q "\${value#"$kept"}" && COMPREPLY+=("$value") ;; esac
  done <<<"$(${quoted} __complete -- "\${words[@]:skip}" 2>/dev/null)"
  if [ "\${#COMPREPLY[@]}" -eq 0 ] && [ "\${words[count - 2]}" = -- ]; then
    while IFS= read -r value; do COMPREPLY+=("$value"); done <<<"$(compgen -c -- "$typed")"
  fi
}
complete -o bashdefault -o default -F __codex_auth_complete codex codex-auth
`,
    prompt: `# Sets CODEX_AUTH_PROMPT from a small file, with nothing but builtins: no process is started at a prompt.
function __codex_auth_prompt {
  CODEX_AUTH_PROMPT=
${promptBody(clock)}}
`,
  };
}

const clock = `  if [ -n "\${EPOCHSECONDS-}" ]; then now=$EPOCHSECONDS; else printf -v now '%(%s)T' -1 2>/dev/null || now=; fi
`;
