import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import type { Check } from "../check.ts";
import { shellWord } from "../shell-word.ts";

/** The newest only: reading all of them would cost more than everything else. */
export const backupUnreadable: Check = {
  id: "backup_unreadable",
  area: "store",
  severity: "warning",
  title: "the newest backup of the pool cannot be read",
  look: ({ fx: { store } }) => {
    const [newest] = store.backups();
    if (!newest) return [];
    try {
      store.readBackup(newest);
      return [];
    } catch (error) {
      if (!(error instanceof CodexAuthError)) throw error;
      const message = `The newest backup is damaged, so it could bring nothing back: ${error.message}`;
      return [{ message, fix: `rm ${shellWord(newest.path)}` }];
    }
  },
};
