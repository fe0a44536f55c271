import { fishQuoted, type ShellText } from "../../text/shell-words.ts";

export function fishText(program: string): ShellText {
  const quoted = fishQuoted(program);
  return {
    wrapper: `function codex --description 'Codex; codex auth is codex-auth'
    if test "$argv[1]" = auth
        set -e argv[1]
        set -lx CODEX_AUTH_INVOKED_AS 'codex auth'
        ${quoted} $argv
    else
        command codex $argv
    end
end
`,
    completion: `function __codex_auth_follows
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test "$words[2]" = auth
end

function __codex_auth_complete --argument-names skip
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -e words[1..$skip]
    if set -l dashes (contains -i -- -- $words)
        set -e words[1..$dashes]
        complete -C (string join ' ' -- (string escape -- $words) "$typed")
        return
    end
    set -l found (${quoted} __complete -- $words "$typed" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path "$typed"
    end
end

complete -c codex -n 'test (count (commandline -opc)) -eq 1' -a auth -d 'Accounts: codex-auth'
complete -c codex -n __codex_auth_follows -f -a '(__codex_auth_complete 2)'
complete -c codex-auth -f -a '(__codex_auth_complete 1)'
`,
    prompt: `# Sets CODEX_AUTH_PROMPT from a small file, with nothing but builtins: no process is started at a prompt.
function __codex_auth_prompt
    set -g CODEX_AUTH_PROMPT
    set -l home $HOME/.codex
    test -n "$CODEX_HOME"; and set home $CODEX_HOME
    set -l file $home/codex-auth/prompt
    test -n "$CODEX_AUTH_DIR"; and set file $CODEX_AUTH_DIR/prompt
    test -f "$file" -a -O "$file"; or return 0
    test -L "$file"; and return 0
    set -l lines
    while read -l line
        set -a lines $line
    end <$file
    test (count $lines) -ge 6; and test "$lines[1]" = 'codex-auth prompt 1'; or return 0
    set -l name $lines[2]
    set -l figures $lines[3]
    string match -qr -- '[[:cntrl:]\`$\\\\\\\\!#]' "$name$figures$lines[5]"; and return 0
    string match -qr -- '^[0-9]+$' "$lines[4]$lines[6]"; or return 0
    # Nothing here tells whether somebody else has changed the keyring since; of auth.json its time does.
    if test "$lines[8]" = keyring; or test "$home/auth.json" -nt "$file"
        set name "$name?"
    else if not test -e "$home/auth.json"
        return 0
    end
    # fish has no clock of its own: Linux tells when it was started, and how long ago that was.
    set -l now
    if test -r /proc/uptime -a -r /proc/stat
        read -l up rest </proc/uptime
        while read -l key value
            test "$key" = btime; and set now (math "floor($value + $up)"); and break
        end </proc/stat
    end
    if test -n "$figures"
        if test -z "$now"
            set figures "$figures (at $lines[5])"
        else if test "$lines[6]" -gt 0 -a "$now" -ge "$lines[6]"
            set figures
        else
            set -l age (math "floor(($now - $lines[4]) / 60)")
            if test $age -ge 2880
                set figures "$figures ("(math "floor($age / 1440)")" d old)"
            else if test $age -ge 120
                set figures "$figures ("(math "floor($age / 60)")" h old)"
            else if test $age -ge 15
                set figures "$figures ($age min old)"
            end
        end
    end
    set -g CODEX_AUTH_PROMPT (string trim -- "$name $figures")
end
`,
  };
}
