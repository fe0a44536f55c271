import type { Entry } from "./entry.ts";

/** Texts about what keeps commands of Codex in their place. */
export const sandboxEntries: readonly Entry[] = [
  {
    id: "sandbox_namespace",
    title: "The system does not let Codex build its sandbox",
    says: /bwrap: .{0,200}|failed RTM_NEWADDR|unprivileged user namespaces|create user namespaces|setting up uid map/i,
    explains: ["sandbox", "permission_denied"],
    isInOutput: true,
    cause:
      "On Linux Codex closes commands in with bubblewrap, which needs user namespaces. A container (Docker, CI) or AppArmor on Ubuntu 24.04 forbids them, so no command runs at all. No file is to blame, and no login.",
    fix: "In a container that is closed already: codex --sandbox danger-full-access, or start it with --security-opt seccomp=unconfined --cap-add SYS_ADMIN. On Ubuntu: allow it with an AppArmor profile for bwrap, or: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    checks: ["config"],
    example: "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted",
  },
  {
    id: "sandbox_windows",
    title: "The sandbox of Windows does not start",
    says: /createprocess(?:withlogon|asuser)w failed|windows sandbox(?: failed)?: |helper_unknown_error|spawn setup refresh|setup refresh (?:had errors|failed)/i,
    explains: ["sandbox"],
    isInOutput: true,
    cause:
      "Codex runs commands as a Windows user of its own; that user could not be set up or could not start the shell (a password that ended, a policy, or PowerShell from the Microsoft Store).",
    fix: 'Set sandbox = "unelevated" under [windows] in config.toml and start Codex again; PowerShell from its installer, not from the Store, helps too.',
    checks: ["config"],
    example: "windows sandbox: CreateProcessWithLogonW failed: 1326",
  },
  {
    id: "sandbox_helper_missing",
    title: "bubblewrap is not installed; Codex uses its own",
    says: /could not find bubblewrap/i,
    isHarmless: true,
    cause: "Codex has a copy of bubblewrap with it and uses that.",
    fix: "Nothing has to be done. To end the warning install bubblewrap with the package manager of the system.",
    checks: [],
    example:
      "warning: Codex could not find bubblewrap on PATH. Codex will use the bundled bubblewrap in the meantime.",
  },
  {
    id: "sandbox",
    title: "The sandbox or the approval settings block a command",
    says: /sandbox denied|sandbox (?:error|rejected|mode (?:is|or) )|landlock (?:was not|is not|error|failed)|seccomp (?:setup|backend|error|failed)|codex-linux-sandbox was|blocked by (?:the )?sandbox|rejected: blocked by policy|blocked by (?:network )?policy|sandbox blocking/i,
    status:
      /\bsandbox\b.{0,40}(?:denied|denies|block(?:s|ed)|rejected|refused|failed)|(?:sandbox|approval) .{0,30}(?:too restrictive)|operation not permitted/i,
    codes: ["sandboxError"],
    isInOutput: true,
    cause: "sandbox_mode and approval_policy (config.toml or flags) decide what Codex may run and write.",
    fix: "codex --sandbox workspace-write, or set sandbox_mode and approval_policy in config.toml",
    checks: ["config"],
    example: "sandbox denied the command",
  },
];
