// Longer than 250 lines, because it is the schemas of the commands as types: `npm run docs` writes it.

/** What every command prints with `--json` when it could not do its work. */
export interface FailureDocument {
  command: string;
  schemaVersion: 1;
  ok: false;
  error: {
    code:
      | "usage"
      | "account_not_found"
      | "ambiguous_account"
      | "account_active"
      | "folder_rule_invalid"
      | "label_taken"
      | "label_invalid"
      | "import_failed"
      | "export_refused"
      | "backup_not_found"
      | "login_restricted"
      | "login_flagged"
      | "login_expired"
      | "login_denied"
      | "login_state_mismatch"
      | "login_timed_out"
      | "login_other_account"
      | "login_ports_busy"
      | "login_failed"
      | "login_secret_invalid"
      | "device_code_limited"
      | "device_login_disabled"
      | "refresh_uncertain"
      | "network_unreachable"
      | "upstream_refused"
      | "upstream_unavailable"
      | "workspace_unroutable"
      | "codex_home_missing"
      | "backend_refused"
      | "config_unreadable"
      | "config_edit_refused"
      | "auth_file_unreadable"
      | "auth_file_hard_linked"
      | "file_mounted"
      | "auth_lock_blocked"
      | "login_in_use"
      | "lock_helper_failed"
      | "seal_key_missing"
      | "keyring_unusable"
      | "seal_key_wrong"
      | "pool_unreadable"
      | "pool_of_another_home"
      | "pool_too_new"
      | "store_folder_foreign"
      | "store_locked"
      | "store_changed"
      | "disk_full"
      | "permission_denied"
      | "io_error"
      | "command_failed"
      | "program_not_found"
      | "program_not_executable"
      | "proxy_host_refused"
      | "proxy_key_invalid"
      | "proxy_port_busy"
      | "rotation_running"
      | "rotation_not_running"
      | "rotation_unresponsive"
      | "no_account_ready"
      | "store_in_use"
      | "accounts_would_be_lost"
      | "gateway_port_busy"
      | "gateway_running"
      | "gateway_not_running"
      | "limit_invalid"
      | "key_not_found"
      | "key_name_taken"
      | "key_revoked"
      | "database_unavailable"
      | "database_driver_missing"
      | "database_copied"
      | "move_refused"
      | "database_too_new"
      | "interrupted"
      | "internal_error";
    message: string;
    hint?: string | undefined;
    candidates?: string[] | undefined;
  };
}

export interface HelpDocument {
  command: "help";
  schemaVersion: 1;
  ok: true;
  usage: string;
}

export interface VersionDocument {
  command: "version";
  schemaVersion: 1;
  ok: true;
  version: string;
}

export interface LoginDocument {
  command: "login";
  schemaVersion: 1;
  ok: boolean;
  flow: "browser" | "device" | "manual" | "apiKey" | "accessToken";
  account: {
    id: string;
    row: number;
    name: string;
    label: string | null;
    email: string | null;
    accountId: string | null;
    userId: string | null;
    plan: string | null;
    kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
    state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
    stateReason: string | null;
    active: boolean;
    limits: {
      window: string;
      limitId: string;
      usedPercent: number;
      remainingPercent: number;
      windowMinutes: number | null;
      resetsAt: string | null;
      observedAt: string;
      source: string;
    }[];
    credits: {
      hasCredits: boolean;
      unlimited: boolean;
      balance: string | null;
      onlyCredits: boolean;
      observedAt: string | null;
    } | null;
    credential: {
      expiresAt: string | null;
      lastRefreshAt: string | null;
      health: "valid" | "renewable" | "expired" | "unknown";
    };
  };
  outcome: "added" | "renewed" | "unchanged";
  switched: boolean;
  processes: {
    pid: number;
    kind: "daemon" | "app-server" | "exec" | "session" | "acp";
    startedAt: string;
    editor?: string | undefined;
    restarted?: boolean | undefined;
  }[];
}

export interface ImportDocument {
  command: "import";
  schemaVersion: 1;
  ok: boolean;
  results: {
    path: string;
    entry: string | null;
    format:
      | "codex"
      | "codex-multi-auth"
      | "loongphy"
      | "cliproxyapi"
      | "codex-lb"
      | "opencode"
      | "caam"
      | "codexctl"
      | "bundle"
      | null;
    outcome: "added" | "updated" | "unchanged" | "skipped" | "refused" | "ignored";
    reason: string | null;
    accountId: string | null;
    name: string | null;
    replaced: { issuedAt: string | null; undo: string | null } | null;
  }[];
  summary: {
    added: number;
    updated: number;
    unchanged: number;
    skipped: number;
    refused: number;
    ignored: number;
  };
  sharedWith: string[];
  failed: number;
}

export interface ListDocument {
  command: "list";
  schemaVersion: 1;
  ok: boolean;
  accounts: {
    id: string;
    row: number;
    name: string;
    label: string | null;
    email: string | null;
    accountId: string | null;
    userId: string | null;
    plan: string | null;
    kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
    state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
    stateReason: string | null;
    active: boolean;
    limits: {
      window: string;
      limitId: string;
      usedPercent: number;
      remainingPercent: number;
      windowMinutes: number | null;
      resetsAt: string | null;
      observedAt: string;
      source: string;
    }[];
    credits: {
      hasCredits: boolean;
      unlimited: boolean;
      balance: string | null;
      onlyCredits: boolean;
      observedAt: string | null;
    } | null;
    credential: {
      expiresAt: string | null;
      lastRefreshAt: string | null;
      health: "valid" | "renewable" | "expired" | "unknown";
    };
  }[];
  activeAccountId: string | null;
  findings: { id: string; severity: "error" | "warning" | "info"; message: string; fix: string | null }[];
  unreadable: number;
}

export interface StatusDocument {
  command: "status";
  schemaVersion: 1;
  ok: boolean;
  active: {
    id: string;
    row: number;
    name: string;
    label: string | null;
    email: string | null;
    accountId: string | null;
    userId: string | null;
    plan: string | null;
    kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
    state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
    stateReason: string | null;
    active: boolean;
    limits: {
      window: string;
      limitId: string;
      usedPercent: number;
      remainingPercent: number;
      windowMinutes: number | null;
      resetsAt: string | null;
      observedAt: string;
      source: string;
    }[];
    credits: {
      hasCredits: boolean;
      unlimited: boolean;
      balance: string | null;
      onlyCredits: boolean;
      observedAt: string | null;
    } | null;
    credential: {
      expiresAt: string | null;
      lastRefreshAt: string | null;
      health: "valid" | "renewable" | "expired" | "unknown";
    };
  } | null;
  source: "file" | "keyring" | "memory" | "environment" | "provider" | "none";
  login: string | null;
  home: string;
  chosen: {
    accountId: string;
    name: string;
    source: "variable" | "folder" | "active";
    where: string | null;
  } | null;
  overrides: { name: string; effect: string }[];
  processes: {
    pid: number;
    kind: "daemon" | "app-server" | "exec" | "session" | "acp";
    startedAt: string;
    editor?: string | undefined;
    restarted?: boolean | undefined;
  }[];
  findings: { id: string; severity: "error" | "warning" | "info"; message: string; fix: string | null }[];
}

export interface WatchDocument {
  command: "watch";
  schemaVersion: 1;
  ok: boolean;
  accounts: {
    id: string;
    row: number;
    name: string;
    label: string | null;
    email: string | null;
    accountId: string | null;
    userId: string | null;
    plan: string | null;
    kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
    state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
    stateReason: string | null;
    active: boolean;
    limits: {
      window: string;
      limitId: string;
      usedPercent: number;
      remainingPercent: number;
      windowMinutes: number | null;
      resetsAt: string | null;
      observedAt: string;
      source: string;
    }[];
    credits: {
      hasCredits: boolean;
      unlimited: boolean;
      balance: string | null;
      onlyCredits: boolean;
      observedAt: string | null;
    } | null;
    credential: {
      expiresAt: string | null;
      lastRefreshAt: string | null;
      health: "valid" | "renewable" | "expired" | "unknown";
    };
    isReady: boolean;
    readyAt: string | null;
    isReadyAtGuessed: boolean;
    risk: "low" | "medium" | "high" | "empty" | "unknown";
    windows: {
      kind: "short" | "long";
      window: string;
      windowMinutes: number;
      usedPercent: number;
      remainingPercent: number;
      resetsAt: string | null;
      observedAt: string;
      ageMs: number;
      source: string;
      emptyInMs: { p10: number; p50: number; p90: number } | null;
      runsOutPercent: number | null;
      basis: "analogs" | "rate" | null;
      historyDays: number | null;
      isHistoryShort: boolean;
    }[];
    lastDay: { windowMinutes: number; percentPerHour: number[] } | null;
  }[];
  recommendation: {
    kind: "use" | "wait" | "none";
    id: string | null;
    name: string | null;
    until: string | null;
    reason: string;
    hint: string | null;
    explanation: string;
  };
  pool: {
    accounts: number;
    ready: number;
    isDry: boolean;
    horizonMs: number;
    dryPercent: number | null;
    dryInMs: { p10: number; p50: number; p90: number } | null;
    refills: {
      id: string;
      row: number;
      name: string;
      at: string;
      windowMinutes: number;
      refillPercent: number;
    }[];
    gaps: { from: string; until: string | null; id: string | null; name: string | null }[];
  };
  processes: {
    pid: number;
    kind: "daemon" | "app-server" | "exec" | "session" | "acp";
    startedAt: string;
    editor?: string | undefined;
    restarted?: boolean | undefined;
    holds: string | null;
  }[];
  commands: { pid: number; holds: string; rotates: boolean }[];
  decisions: {
    at: string;
    server: "rotation" | "gateway";
    kind: string;
    name: string | null;
    client: string | null;
    reason: string;
    outcome: string | null;
  }[];
  live: boolean;
}

export interface SwitchDocument {
  command: "switch";
  schemaVersion: 1;
  ok: boolean;
  account: {
    id: string;
    row: number;
    name: string;
    label: string | null;
    email: string | null;
    accountId: string | null;
    userId: string | null;
    plan: string | null;
    kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
    state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
    stateReason: string | null;
    active: boolean;
    limits: {
      window: string;
      limitId: string;
      usedPercent: number;
      remainingPercent: number;
      windowMinutes: number | null;
      resetsAt: string | null;
      observedAt: string;
      source: string;
    }[];
    credits: {
      hasCredits: boolean;
      unlimited: boolean;
      balance: string | null;
      onlyCredits: boolean;
      observedAt: string | null;
    } | null;
    credential: {
      expiresAt: string | null;
      lastRefreshAt: string | null;
      health: "valid" | "renewable" | "expired" | "unknown";
    };
  };
  previous: {
    id: string;
    row: number;
    name: string;
    label: string | null;
    email: string | null;
    accountId: string | null;
    userId: string | null;
    plan: string | null;
    kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
    state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
    stateReason: string | null;
    active: boolean;
    limits: {
      window: string;
      limitId: string;
      usedPercent: number;
      remainingPercent: number;
      windowMinutes: number | null;
      resetsAt: string | null;
      observedAt: string;
      source: string;
    }[];
    credits: {
      hasCredits: boolean;
      unlimited: boolean;
      balance: string | null;
      onlyCredits: boolean;
      observedAt: string | null;
    } | null;
    credential: {
      expiresAt: string | null;
      lastRefreshAt: string | null;
      health: "valid" | "renewable" | "expired" | "unknown";
    };
  } | null;
  dryRun: boolean;
  place: "file" | "keyring";
  adopted: { id: string; outcome: "added" | "updated" | "kept" } | null;
  processes: {
    pid: number;
    kind: "daemon" | "app-server" | "exec" | "session" | "acp";
    startedAt: string;
    editor?: string | undefined;
    restarted?: boolean | undefined;
  }[];
  configChanged: boolean;
  warnings: string[];
  reason: string | null;
}

export interface UseHereDocument {
  command: "use-here";
  schemaVersion: 1;
  ok: boolean;
  folder: string;
  account: {
    id: string;
    row: number;
    name: string;
    label: string | null;
    email: string | null;
    accountId: string | null;
    userId: string | null;
    plan: string | null;
    kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
    state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
    stateReason: string | null;
    active: boolean;
    limits: {
      window: string;
      limitId: string;
      usedPercent: number;
      remainingPercent: number;
      windowMinutes: number | null;
      resetsAt: string | null;
      observedAt: string;
      source: string;
    }[];
    credits: {
      hasCredits: boolean;
      unlimited: boolean;
      balance: string | null;
      onlyCredits: boolean;
      observedAt: string | null;
    } | null;
    credential: {
      expiresAt: string | null;
      lastRefreshAt: string | null;
      health: "valid" | "renewable" | "expired" | "unknown";
    };
  } | null;
  file: string | null;
  cleared: boolean;
  overriddenBy: string | null;
}

export interface LabelDocument {
  command: "label";
  schemaVersion: 1;
  ok: boolean;
  account: {
    id: string;
    row: number;
    name: string;
    label: string | null;
    email: string | null;
    accountId: string | null;
    userId: string | null;
    plan: string | null;
    kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
    state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
    stateReason: string | null;
    active: boolean;
    limits: {
      window: string;
      limitId: string;
      usedPercent: number;
      remainingPercent: number;
      windowMinutes: number | null;
      resetsAt: string | null;
      observedAt: string;
      source: string;
    }[];
    credits: {
      hasCredits: boolean;
      unlimited: boolean;
      balance: string | null;
      onlyCredits: boolean;
      observedAt: string | null;
    } | null;
    credential: {
      expiresAt: string | null;
      lastRefreshAt: string | null;
      health: "valid" | "renewable" | "expired" | "unknown";
    };
  };
}

export interface PauseDocument {
  command: "pause";
  schemaVersion: 1;
  ok: boolean;
  accounts: {
    id: string;
    row: number;
    name: string;
    label: string | null;
    email: string | null;
    accountId: string | null;
    userId: string | null;
    plan: string | null;
    kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
    state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
    stateReason: string | null;
    active: boolean;
    limits: {
      window: string;
      limitId: string;
      usedPercent: number;
      remainingPercent: number;
      windowMinutes: number | null;
      resetsAt: string | null;
      observedAt: string;
      source: string;
    }[];
    credits: {
      hasCredits: boolean;
      unlimited: boolean;
      balance: string | null;
      onlyCredits: boolean;
      observedAt: string | null;
    } | null;
    credential: {
      expiresAt: string | null;
      lastRefreshAt: string | null;
      health: "valid" | "renewable" | "expired" | "unknown";
    };
  }[];
  unchanged: string[];
}

export interface ResumeDocument {
  command: "resume";
  schemaVersion: 1;
  ok: boolean;
  accounts: {
    id: string;
    row: number;
    name: string;
    label: string | null;
    email: string | null;
    accountId: string | null;
    userId: string | null;
    plan: string | null;
    kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
    state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
    stateReason: string | null;
    active: boolean;
    limits: {
      window: string;
      limitId: string;
      usedPercent: number;
      remainingPercent: number;
      windowMinutes: number | null;
      resetsAt: string | null;
      observedAt: string;
      source: string;
    }[];
    credits: {
      hasCredits: boolean;
      unlimited: boolean;
      balance: string | null;
      onlyCredits: boolean;
      observedAt: string | null;
    } | null;
    credential: {
      expiresAt: string | null;
      lastRefreshAt: string | null;
      health: "valid" | "renewable" | "expired" | "unknown";
    };
  }[];
  unchanged: string[];
}

export interface RemoveDocument {
  command: "remove";
  schemaVersion: 1;
  ok: boolean;
  removed: {
    id: string;
    row: number;
    name: string;
    label: string | null;
    email: string | null;
    accountId: string | null;
    userId: string | null;
    plan: string | null;
    kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
    state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
    stateReason: string | null;
    active: boolean;
    limits: {
      window: string;
      limitId: string;
      usedPercent: number;
      remainingPercent: number;
      windowMinutes: number | null;
      resetsAt: string | null;
      observedAt: string;
      source: string;
    }[];
    credits: {
      hasCredits: boolean;
      unlimited: boolean;
      balance: string | null;
      onlyCredits: boolean;
      observedAt: string | null;
    } | null;
    credential: {
      expiresAt: string | null;
      lastRefreshAt: string | null;
      health: "valid" | "renewable" | "expired" | "unknown";
    };
  }[];
  authFileRemoved: boolean;
  place: "file" | "keyring";
  risk: string | null;
}

export interface ExportDocument {
  command: "export";
  schemaVersion: 1;
  ok: boolean;
  format: "codex" | "opencode" | "cliproxyapi" | "bundle";
  encrypted: boolean;
  lease: boolean;
  sharesRefreshToken: boolean;
  files: { accountId: string; name: string; path: string; endsAt: string | null; isShort: boolean }[];
}

export interface BackupDocument {
  command: "backup";
  schemaVersion: 1;
  ok: boolean;
  action: "list" | "restore";
  backups: {
    name: string;
    kind: "pool" | "repair";
    takenAt: string;
    revision: number | null;
    path: string;
  }[];
  restored: { added: number; changed: number; kept: number } | null;
  files: {
    file: "pool.json" | "auth.json" | "config.toml";
    outcome: "restored" | "taken into the pool" | "kept in the backup";
  }[];
}

export interface SealDocument {
  command: "seal";
  schemaVersion: 1;
  ok: boolean;
  files: number;
  key: { id: string; source: "file" | "command" | "keyring"; isNew: boolean; path: string | null };
}

export interface UnsealDocument {
  command: "unseal";
  schemaVersion: 1;
  ok: boolean;
  files: number;
}

export interface ForecastDocument {
  command: "forecast";
  schemaVersion: 1;
  ok: boolean;
  accounts: {
    id: string;
    row: number;
    name: string;
    label: string | null;
    email: string | null;
    accountId: string | null;
    userId: string | null;
    plan: string | null;
    kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
    state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
    stateReason: string | null;
    active: boolean;
    limits: {
      window: string;
      limitId: string;
      usedPercent: number;
      remainingPercent: number;
      windowMinutes: number | null;
      resetsAt: string | null;
      observedAt: string;
      source: string;
    }[];
    credits: {
      hasCredits: boolean;
      unlimited: boolean;
      balance: string | null;
      onlyCredits: boolean;
      observedAt: string | null;
    } | null;
    credential: {
      expiresAt: string | null;
      lastRefreshAt: string | null;
      health: "valid" | "renewable" | "expired" | "unknown";
    };
    isReady: boolean;
    readyAt: string | null;
    isReadyAtGuessed: boolean;
    risk: "low" | "medium" | "high" | "empty" | "unknown";
    windows: {
      kind: "short" | "long";
      window: string;
      windowMinutes: number;
      usedPercent: number;
      remainingPercent: number;
      resetsAt: string | null;
      observedAt: string;
      ageMs: number;
      source: string;
      emptyInMs: { p10: number; p50: number; p90: number } | null;
      runsOutPercent: number | null;
      basis: "analogs" | "rate" | null;
      historyDays: number | null;
      isHistoryShort: boolean;
    }[];
  }[];
  recommendation: {
    kind: "use" | "wait" | "none";
    id: string | null;
    name: string | null;
    until: string | null;
    reason: string;
    hint: string | null;
    explanation: string;
  };
  source: "cached" | "live";
  pool: {
    accounts: number;
    ready: number;
    isDry: boolean;
    horizonMs: number;
    dryPercent: number | null;
    dryInMs: { p10: number; p50: number; p90: number } | null;
    refills: {
      id: string;
      row: number;
      name: string;
      at: string;
      windowMinutes: number;
      refillPercent: number;
    }[];
    gaps: { from: string; until: string | null; id: string | null; name: string | null }[];
  };
  failures: {
    code: string;
    message: string;
    hint: string | null;
    codexErrorInfo: string | Record<string, unknown>;
    httpStatus: number | null;
    retryAfterMs: number | null;
    resetsAt: string | null;
    requestId: string | null;
    id: string;
  }[];
  candidates?:
    | {
        rank: number;
        id: string;
        row: number;
        name: string;
        plan: string | null;
        active: boolean;
        tier: "normal" | "tail" | "full" | "tried" | "blocked" | "unusable";
        score: number;
        pace: number;
        room: number;
        size: number;
        busy: number;
        shortFreePercent: number;
        longFreePercent: number;
        isChosen: boolean;
        reason: string;
      }[]
    | undefined;
}

export interface WhyDocument {
  command: "why";
  schemaVersion: 1;
  ok: boolean;
  candidates: {
    rank: number;
    id: string;
    row: number;
    name: string;
    plan: string | null;
    active: boolean;
    tier: "normal" | "tail" | "full" | "tried" | "blocked" | "unusable";
    score: number;
    pace: number;
    room: number;
    size: number;
    busy: number;
    shortFreePercent: number;
    longFreePercent: number;
    isChosen: boolean;
    reason: string;
  }[];
  recommendation: {
    kind: "use" | "wait" | "none";
    id: string | null;
    name: string | null;
    until: string | null;
    reason: string;
    hint: string | null;
    explanation: string;
  };
}

export interface ReportDocument {
  command: "report";
  schemaVersion: 1;
  ok: boolean;
  summary: {
    generatedAt: string;
    accounts: number;
    ready: number;
    limited: number;
    paused: number;
    flagged: number;
    expired: number;
    unclear: number;
    backingOff: number;
    activeAccountId: string | null;
    tokens: number;
  };
  accounts: {
    id: string;
    row: number;
    name: string;
    label: string | null;
    email: string | null;
    accountId: string | null;
    userId: string | null;
    plan: string | null;
    kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
    state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
    stateReason: string | null;
    active: boolean;
    limits: {
      window: string;
      limitId: string;
      usedPercent: number;
      remainingPercent: number;
      windowMinutes: number | null;
      resetsAt: string | null;
      observedAt: string;
      source: string;
    }[];
    credits: {
      hasCredits: boolean;
      unlimited: boolean;
      balance: string | null;
      onlyCredits: boolean;
      observedAt: string | null;
    } | null;
    credential: {
      expiresAt: string | null;
      lastRefreshAt: string | null;
      health: "valid" | "renewable" | "expired" | "unknown";
    };
    isReady: boolean;
    readyAt: string | null;
    isReadyAtGuessed: boolean;
    risk: "low" | "medium" | "high" | "empty" | "unknown";
    windows: {
      kind: "short" | "long";
      window: string;
      windowMinutes: number;
      usedPercent: number;
      remainingPercent: number;
      resetsAt: string | null;
      observedAt: string;
      ageMs: number;
      source: string;
      emptyInMs: { p10: number; p50: number; p90: number } | null;
      runsOutPercent: number | null;
      basis: "analogs" | "rate" | null;
      historyDays: number | null;
      isHistoryShort: boolean;
    }[];
  }[];
  usage: {
    since: string;
    until: string;
    total: {
      inputTokens: number;
      cachedInputTokens: number;
      outputTokens: number;
      reasoningTokens: number;
      apiUsd: number | null;
    };
    days: {
      day: string;
      inputTokens: number;
      cachedInputTokens: number;
      outputTokens: number;
      reasoningTokens: number;
      apiUsd: number | null;
    }[];
    accounts: {
      accountId: string | null;
      name: string;
      inputTokens: number;
      cachedInputTokens: number;
      outputTokens: number;
      reasoningTokens: number;
      apiUsd: number | null;
    }[];
    models: {
      model: string | null;
      inputTokens: number;
      cachedInputTokens: number;
      outputTokens: number;
      reasoningTokens: number;
      apiUsd: number | null;
    }[];
    projects: {
      folder: string | null;
      inputTokens: number;
      cachedInputTokens: number;
      outputTokens: number;
      reasoningTokens: number;
      apiUsd: number | null;
    }[];
    rows: {
      day: string;
      accountId: string | null;
      model: string | null;
      inputTokens: number;
      cachedInputTokens: number;
      outputTokens: number;
      reasoningTokens: number;
      apiUsd: number | null;
    }[];
    calendar: { day: string; tokens: number }[];
  };
  forecast: {
    recommendation: {
      kind: "use" | "wait" | "none";
      id: string | null;
      name: string | null;
      until: string | null;
      reason: string;
      hint: string | null;
      explanation: string;
    };
    source: "cached" | "live";
    pool: {
      accounts: number;
      ready: number;
      isDry: boolean;
      horizonMs: number;
      dryPercent: number | null;
      dryInMs: { p10: number; p50: number; p90: number } | null;
      refills: {
        id: string;
        row: number;
        name: string;
        at: string;
        windowMinutes: number;
        refillPercent: number;
      }[];
      gaps: { from: string; until: string | null; id: string | null; name: string | null }[];
    };
    failures: {
      code: string;
      message: string;
      hint: string | null;
      codexErrorInfo: string | Record<string, unknown>;
      httpStatus: number | null;
      retryAfterMs: number | null;
      resetsAt: string | null;
      requestId: string | null;
      id: string;
    }[];
    courses: {
      accountId: string;
      kind: "short" | "long";
      points: { at: string; p10: number; p50: number; p90: number }[];
    }[];
  };
  findings: { id: string; severity: "error" | "warning" | "info"; message: string; fix: string | null }[];
  runtime: {
    version: string;
    nodeVersion: string;
    platform: string;
    codexHome: string;
    storeDir: string;
    sessionFiles: number;
  };
  file: { path: string; format: "text" | "json" | "html" } | null;
  served: boolean;
}

export interface GuardDocument {
  command: "guard";
  schemaVersion: 1;
  ok: boolean;
  passed: boolean;
  minRemainingPercent: number;
  window: "any" | "short" | "long" | "primary" | "secondary";
  strict: boolean;
  allowUnknown: boolean;
  waitedMs: number;
  failures: {
    code: string;
    message: string;
    hint: string | null;
    codexErrorInfo: string | Record<string, unknown>;
    httpStatus: number | null;
    retryAfterMs: number | null;
    resetsAt: string | null;
    requestId: string | null;
    id: string;
  }[];
  accounts: {
    id: string;
    row: number;
    name: string;
    passed: boolean;
    remainingPercent: number | null;
    reason: string;
  }[];
}

export interface StatuslineDocument {
  command: "statusline";
  schemaVersion: 1;
  ok: boolean;
  text: string;
  fields: Record<string, string>;
}

export interface TokenDocument {
  command: "token";
  schemaVersion: 1;
  ok: boolean;
  account: {
    id: string;
    row: number;
    name: string;
    label: string | null;
    email: string | null;
    accountId: string | null;
    userId: string | null;
    plan: string | null;
    kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
    state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
    stateReason: string | null;
    active: boolean;
    limits: {
      window: string;
      limitId: string;
      usedPercent: number;
      remainingPercent: number;
      windowMinutes: number | null;
      resetsAt: string | null;
      observedAt: string;
      source: string;
    }[];
    credits: {
      hasCredits: boolean;
      unlimited: boolean;
      balance: string | null;
      onlyCredits: boolean;
      observedAt: string | null;
    } | null;
    credential: {
      expiresAt: string | null;
      lastRefreshAt: string | null;
      health: "valid" | "renewable" | "expired" | "unknown";
    };
  };
  renewed: boolean;
}

export interface ExecDocument {
  command: "exec";
  schemaVersion: 1;
  ok: boolean;
  account: {
    id: string;
    row: number;
    name: string;
    label: string | null;
    email: string | null;
    accountId: string | null;
    userId: string | null;
    plan: string | null;
    kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
    state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
    stateReason: string | null;
    active: boolean;
    limits: {
      window: string;
      limitId: string;
      usedPercent: number;
      remainingPercent: number;
      windowMinutes: number | null;
      resetsAt: string | null;
      observedAt: string;
      source: string;
    }[];
    credits: {
      hasCredits: boolean;
      unlimited: boolean;
      balance: string | null;
      onlyCredits: boolean;
      observedAt: string | null;
    } | null;
    credential: {
      expiresAt: string | null;
      lastRefreshAt: string | null;
      health: "valid" | "renewable" | "expired" | "unknown";
    };
  };
  exitCode: number;
  notes: string[];
}

export interface RotationDocument {
  command: "rotation";
  schemaVersion: 1;
  ok: boolean;
  action: "start" | "stop" | "status" | "env" | "enable-hint";
  running: boolean;
  proxy: {
    url: string;
    port: number;
    pid: number;
    startedAt: string;
    uptimeMs: number;
    logFile: string | null;
    inFlight: number;
    deferred: number;
    pin: { accountId: string; source: string } | null;
    webSocket: "refuse" | "forward";
    problem: string | null;
    accounts: {
      id: string;
      label: string | null;
      email: string | null;
      plan: string | null;
      state: "ready" | "paused" | "limited" | "cooling" | "login-needed" | "unusable";
      reason: string | null;
      returnsAt: string | null;
      served: number;
      failedOver: number;
      inFlight: number;
      lastError: { at: string; code: string; message: string } | null;
      tokens: { input: number; cachedInput: number; output: number };
    }[];
    notServed?: { method: string; path: string; count: number }[] | undefined;
    decisions: {
      at: string;
      kind: "use" | "hold" | "wait";
      accountId: string | null;
      reason: string;
      outcome: string | null;
    }[];
  } | null;
  lines: string[];
  message: string;
}

export interface GatewayDocument {
  command: "gateway";
  schemaVersion: 1;
  ok: boolean;
  action:
    | "start"
    | "status"
    | "stop"
    | "key"
    | "usage"
    | "client"
    | "open"
    | "demo"
    | "adopt"
    | "release"
    | "accounts"
    | "database";
  running: boolean;
  url: string | null;
  gateway: { port: number; pid: number; startedAt: string; logFile: string | null } | null;
  key: {
    id: string;
    name: string;
    prefix: string;
    role: "client" | "admin";
    models: string[] | null;
    accounts: string[] | null;
    limits: string[];
    parallel: number | null;
    createdAt: string;
    expiresAt: string | null;
    revokedAt: string | null;
    secret?: string | undefined;
  } | null;
  keys: {
    id: string;
    name: string;
    prefix: string;
    role: "client" | "admin";
    models: string[] | null;
    accounts: string[] | null;
    limits: string[];
    parallel: number | null;
    createdAt: string;
    expiresAt: string | null;
    revokedAt: string | null;
    secret?: string | undefined;
  }[];
  boundTo: string[];
  usage: {
    days: {
      day: string;
      keyId: string;
      keyName: string | null;
      requests: number;
      inputTokens: number;
      outputTokens: number;
      costUsd: number;
    }[];
    key: {
      request_count: number;
      total_tokens: number;
      input_tokens: number;
      output_tokens: number;
      cached_input_tokens: number;
      total_cost_usd: number;
      limits: {
        name: string;
        kind: string;
        window: string;
        model: string | null;
        max: number;
        used: number;
        remaining: number;
        resets_at: string;
      }[];
    } | null;
  } | null;
  link: string | null;
  steps: { does: string; line: string; exitCode: number | null; status: number | null; output: string }[];
  lines: string[];
  accounts: { id: string; name: string; place: "pool" | "database" | "moving"; detail: string | null }[];
  decisions: {
    at: string;
    kind: string;
    accountId: string | null;
    accountName: string | null;
    client: string | null;
    reason: string;
    outcome: string | null;
  }[];
  problems: string[];
  message: string;
}

export interface CheckDocument {
  command: "check";
  schemaVersion: 1;
  ok: boolean;
  results: {
    account: {
      id: string;
      row: number;
      name: string;
      label: string | null;
      email: string | null;
      accountId: string | null;
      userId: string | null;
      plan: string | null;
      kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
      state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
      stateReason: string | null;
      active: boolean;
      limits: {
        window: string;
        limitId: string;
        usedPercent: number;
        remainingPercent: number;
        windowMinutes: number | null;
        resetsAt: string | null;
        observedAt: string;
        source: string;
      }[];
      credits: {
        hasCredits: boolean;
        unlimited: boolean;
        balance: string | null;
        onlyCredits: boolean;
        observedAt: string | null;
      } | null;
      credential: {
        expiresAt: string | null;
        lastRefreshAt: string | null;
        health: "valid" | "renewable" | "expired" | "unknown";
      };
    };
    ok: boolean | null;
    renewed: boolean;
    plan: string | null;
    limits: {
      window: string;
      limitId: string;
      usedPercent: number;
      remainingPercent: number;
      windowMinutes: number | null;
      resetsAt: string | null;
      observedAt: string;
      source: string;
    }[];
    limitReached: boolean;
    reached: "window" | "credits" | "spend-cap" | null;
    credits: {
      hasCredits: boolean;
      unlimited: boolean;
      balance: string | null;
      onlyCredits: boolean;
      observedAt: string | null;
    } | null;
    workspaceFound: boolean | null;
    resetCredits: number | null;
    failure: {
      code: string;
      message: string;
      hint: string | null;
      codexErrorInfo: string | Record<string, unknown>;
      httpStatus: number | null;
      retryAfterMs: number | null;
      resetsAt: string | null;
      requestId: string | null;
    } | null;
  }[];
  summary: { checked: number; ok: number; failed: number; nothingToAsk: number; paused: number };
  notes: string[];
}

export interface VerifyFlaggedDocument {
  command: "verify-flagged";
  schemaVersion: 1;
  ok: boolean;
  dryRun: boolean;
  results: {
    account: {
      id: string;
      row: number;
      name: string;
      label: string | null;
      email: string | null;
      accountId: string | null;
      userId: string | null;
      plan: string | null;
      kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
      state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
      stateReason: string | null;
      active: boolean;
      limits: {
        window: string;
        limitId: string;
        usedPercent: number;
        remainingPercent: number;
        windowMinutes: number | null;
        resetsAt: string | null;
        observedAt: string;
        source: string;
      }[];
      credits: {
        hasCredits: boolean;
        unlimited: boolean;
        balance: string | null;
        onlyCredits: boolean;
        observedAt: string | null;
      } | null;
      credential: {
        expiresAt: string | null;
        lastRefreshAt: string | null;
        health: "valid" | "renewable" | "expired" | "unknown";
      };
    };
    outcome: "restored" | "still-flagged" | "still-unclear" | "healthy-not-restored" | "not-tested";
    test: "usage" | "renewal" | "none";
    reason: string;
    failure: {
      code: string;
      message: string;
      hint: string | null;
      codexErrorInfo: string | Record<string, unknown>;
      httpStatus: number | null;
      retryAfterMs: number | null;
      resetsAt: string | null;
      requestId: string | null;
    } | null;
  }[];
  summary: {
    flagged: number;
    restored: number;
    stillFlagged: number;
    healthyNotRestored: number;
    unclear: number;
  };
}

export interface DoctorDocument {
  command: "doctor";
  schemaVersion: 1;
  ok: boolean;
  summary: {
    errors: number;
    warnings: number;
    infos: number;
    checks: number;
    skipped: number;
    status: "ok" | "info" | "warning" | "error";
    isLive: boolean;
    isStrict: boolean;
  };
  findings: {
    id: string;
    severity: "error" | "warning" | "info";
    message: string;
    fix: string | null;
    area: "credentials" | "environment" | "config" | "processes" | "network" | "store";
    evidence: string[];
    canMend: boolean;
  }[];
  checks: {
    id: string;
    area: "credentials" | "environment" | "config" | "processes" | "network" | "store";
    title: string;
    status: "ok" | "found" | "skipped" | "failed";
    reason: string | null;
  }[];
  fixed: { id: string; message: string; isApplied: boolean; problem: string | null; undo: string | null }[];
  bundle: string | null;
}

export interface FixDocument {
  command: "fix";
  schemaVersion: 1;
  ok: boolean;
  dryRun: boolean;
  changes: { id: string; message: string; isApplied: boolean; problem: string | null; undo: string | null }[];
  findings: {
    id: string;
    severity: "error" | "warning" | "info";
    message: string;
    fix: string | null;
    area: "credentials" | "environment" | "config" | "processes" | "network" | "store";
    evidence: string[];
    canMend: boolean;
  }[];
  summary: {
    errors: number;
    warnings: number;
    infos: number;
    checks: number;
    skipped: number;
    changed: number;
    failed: number;
  };
}

export interface ExplainDocument {
  command: "explain";
  schemaVersion: 1;
  ok: boolean;
  text: string;
  matches: { id: string; title: string; cause: string; fix: string; checks: string[]; harmless: boolean }[];
  resetsAt: string | null;
  findings: {
    id: string;
    severity: "error" | "warning" | "info";
    message: string;
    fix: string | null;
    area: "credentials" | "environment" | "config" | "processes" | "network" | "store";
    evidence: string[];
    canMend: boolean;
  }[];
  nearest: { id: string; title: string }[];
}

export interface InitDocument {
  command: "init";
  schemaVersion: 1;
  ok: boolean;
  shell: "bash" | "zsh" | "fish" | "powershell" | null;
  script: string | null;
  path: string;
}

export interface CompletionDocument {
  command: "completion";
  schemaVersion: 1;
  ok: boolean;
  shell: "bash" | "zsh" | "fish" | "powershell";
  script: string;
}

export interface MoveHereDocument {
  command: "move-here";
  schemaVersion: 1;
  ok: boolean;
  from: string | null;
  to: string;
  account: {
    id: string;
    row: number;
    name: string;
    label: string | null;
    email: string | null;
    accountId: string | null;
    userId: string | null;
    plan: string | null;
    kind: "chatgpt" | "apiKey" | "accessToken" | "agentIdentity" | "bedrock" | "headers";
    state: "ready" | "limited" | "flagged" | "paused" | "expired" | "unclear" | "backing-off";
    stateReason: string | null;
    active: boolean;
    limits: {
      window: string;
      limitId: string;
      usedPercent: number;
      remainingPercent: number;
      windowMinutes: number | null;
      resetsAt: string | null;
      observedAt: string;
      source: string;
    }[];
    credits: {
      hasCredits: boolean;
      unlimited: boolean;
      balance: string | null;
      onlyCredits: boolean;
      observedAt: string | null;
    } | null;
    credential: {
      expiresAt: string | null;
      lastRefreshAt: string | null;
      health: "valid" | "renewable" | "expired" | "unknown";
    };
  } | null;
  hasOwnLogin: boolean;
}

export interface UninstallDocument {
  command: "uninstall";
  schemaVersion: 1;
  ok: boolean;
  dryRun: boolean;
  removed: { path: string; part: "accounts" | "backups" | "history" | "working files" }[];
  kept: { path: string; part: "accounts" | "backups" | "history" | "working files" }[];
  foreign: string[];
  next: string[];
}

export interface DemoDocument {
  command: "demo";
  schemaVersion: 1;
  ok: boolean;
  home: string;
  steps: { argv: string[]; exitCode: number | null; output: string }[];
}

/** What each command prints with `--json` when it did, by its name. */
export interface Documents {
  help: HelpDocument;
  version: VersionDocument;
  login: LoginDocument;
  import: ImportDocument;
  list: ListDocument;
  status: StatusDocument;
  watch: WatchDocument;
  switch: SwitchDocument;
  "use-here": UseHereDocument;
  label: LabelDocument;
  pause: PauseDocument;
  resume: ResumeDocument;
  remove: RemoveDocument;
  export: ExportDocument;
  backup: BackupDocument;
  seal: SealDocument;
  unseal: UnsealDocument;
  forecast: ForecastDocument;
  why: WhyDocument;
  report: ReportDocument;
  guard: GuardDocument;
  statusline: StatuslineDocument;
  token: TokenDocument;
  exec: ExecDocument;
  rotation: RotationDocument;
  gateway: GatewayDocument;
  check: CheckDocument;
  "verify-flagged": VerifyFlaggedDocument;
  doctor: DoctorDocument;
  fix: FixDocument;
  explain: ExplainDocument;
  init: InitDocument;
  completion: CompletionDocument;
  "move-here": MoveHereDocument;
  uninstall: UninstallDocument;
  demo: DemoDocument;
}
