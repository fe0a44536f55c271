import { powershellQuoted, powershellQuotes, type ShellText } from "../../text/shell-words.ts";

export function powershellText(program: string): ShellText {
  const quoted = powershellQuoted(program);
  return {
    wrapper: `function codex {
  if ($args.Count -gt 0 -and $args[0] -ceq 'auth') {
    $rest = @($args | Select-Object -Skip 1)
    $before = $env:CODEX_AUTH_INVOKED_AS
    $env:CODEX_AUTH_INVOKED_AS = 'codex auth'
    try {
      if ($MyInvocation.ExpectingInput) { $input | & node ${quoted} @rest } else { & node ${quoted} @rest }
    } finally { $env:CODEX_AUTH_INVOKED_AS = $before }
  } else {
    $real = Get-Command codex -CommandType Application -ErrorAction Stop | Select-Object -First 1
    if ($MyInvocation.ExpectingInput) { $input | & $real @args } else { & $real @args }
  }
}
`,
    completion: `Register-ArgumentCompleter -Native -CommandName codex, codex-auth -ScriptBlock {
  param($typed, $ast, $position)
  $words = @($ast.CommandElements | Where-Object { $_.Extent.EndOffset -lt $position } | ForEach-Object { $_.ToString().Trim("'", '"') })
  if ($words[0] -match 'codex$') {
    if ($words.Count -eq 1) { if ('auth'.StartsWith($typed)) { 'auth' }; return }
    if ($words[1] -cne 'auth') { return }
    $words = @($words | Select-Object -Skip 1)
  }
  $given = @($words | Select-Object -Skip 1)
  & node ${quoted} __complete -- @given "$typed" 2>$null | ForEach-Object {
    $value, $about = $_ -split "\`t", 2
    if ($value.StartsWith($typed)) {
      $text = if ($value -match '^\\w[\\w@.+-]*$') { $value } else { "'" + ($value -replace "${powershellQuotes}", '$0$0') + "'" }
      [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $(if ($about) { $about } else { $value }))
    }
  }
}
`,
    prompt: null,
  };
}
