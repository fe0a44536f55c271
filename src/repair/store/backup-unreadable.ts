import { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { isOdd } from "../../store/file-shape.ts";
import type { Check } from "../check.ts";
import { moveAside } from "../move-aside.ts";
import { shellWord } from "../shell-word.ts";

/** The newest only: reading all of them would cost more than everything else. */
export const backupUnreadable: Check = {
  id: "backup_unreadable",
  area: "store",
  severity: "warning",
  title: "the newest backup of the pool cannot be read",
  look: ({ fx: { fs, store } }) => {
    const [newest] = store.backups();
    if (!newest) return [];
    try {
      store.readBackup(newest);
      return [];
    } catch (error) {
      if (!(error instanceof CodexAuthError)) throw error;
      const message = `The newest backup is damaged, so it could bring nothing back: ${error.message}`;
      const { path } = newest;
      const fix = isOdd(fs, path, "file") ? moveAside(fs, path) : `rm ${shellWord(path)}`;
      return [{ message, fix }];
    }
  },
};
