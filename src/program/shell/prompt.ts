/** The body of the prompt's function for bash and zsh; `clock` sets `now`, which each of them asks in its own way. */
export function promptBody(clock: string): string {
  return `  local home=\${CODEX_HOME:-\${HOME-}/.codex} file first name figures seen clock until id place now= age
  file=\${CODEX_AUTH_DIR:-$home/codex-auth}/prompt
  [ -f "$file" ] && [ -O "$file" ] && [ ! -L "$file" ] || return 0
  {
    IFS= read -r first && IFS= read -r name && IFS= read -r figures &&
      IFS= read -r seen && IFS= read -r clock && IFS= read -r until || return 0
    IFS= read -r id && IFS= read -r place || place=
  } 2>/dev/null <"$file" || return 0
  [ "$first" = 'codex-auth prompt 1' ] || return 0
  case $name$figures$clock in *[[:cntrl:]]* | *[\\\`\\$\\\\\\!\\#]*) return 0 ;; esac
  # Nothing here tells whether somebody else has changed the keyring since; of auth.json its time does.
  if [ "$place" = keyring ] || [ "$home/auth.json" -nt "$file" ]; then
    name="$name?"
  elif [ ! -e "$home/auth.json" ]; then
    return 0
  fi
${clock}  case \${seen:-x}\${until:-x}$now in *[!0-9]*) return 0 ;; esac
  if [ -n "$figures" ]; then
    if [ -z "$now" ]; then
      figures="$figures (at $clock)"
    elif [ "$until" -gt 0 ] && [ "$now" -ge "$until" ]; then
      figures=
    else
      age=$(( (now - 10#$seen) / 60 ))
      if [ "$age" -ge 2880 ]; then
        figures="$figures ($(( age / 1440 )) d old)"
      elif [ "$age" -ge 120 ]; then
        figures="$figures ($(( age / 60 )) h old)"
      elif [ "$age" -ge 15 ]; then
        figures="$figures ($age min old)"
      fi
    fi
  fi
  CODEX_AUTH_PROMPT=$name\${figures:+ $figures}
`;
}
