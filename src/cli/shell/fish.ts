import { fishQuoted } from "./shell-text.ts";
import type { ShellText } from "./shell-text.ts";

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
  };
}
