import { readTextIfPresent } from "../../store/files.ts";
import { salvagePool } from "../../store/salvage-pool.ts";
import type { SalvagedPool } from "../../store/salvage-pool.ts";
import type { Pool } from "../../store/pool-file.ts";
import type { Check, Sighting } from "../check.ts";
import { takeLiveLogin } from "../credentials/login-unknown.ts";
import { moveAside } from "../move-aside.ts";
import type { Scene } from "../scene.ts";

export const poolUnreadable: Check = {
  id: "pool_unreadable",
  area: "store",
  severity: "error",
  title: "pool.json is damaged",
  look: (scene) => {
    const { problem } = scene;
    return problem?.code === "pool_unreadable" ? [sighting(scene, problem.message)] : [];
  },
  mend: {
    describe: (scene) => {
      const { backup, read, added } = salvaged(scene) ?? { backup: null, read: 0, added: 0 };
      const more = backup === null ? "" : `, and ${added} from the backup ${backup}`;
      return `Write a new pool.json with the ${read} accounts that can be read in it${more}; the damaged file stays as pool.json.broken-<time>.`;
    },
    apply: async (scene) => {
      const salvage = (text: string) => salvagedPool(scene, text);
      await scene.fx.store.transaction("fix", (draft) => takeLiveLogin(draft, scene.nowMs), {
        replaceBrokenPool: true,
        salvage,
      });
    },
  },
};

function sighting(scene: Scene, message: string): Sighting {
  const found = salvaged(scene);
  const canMend = found !== null && found.pool.accounts.length > 0;
  if (canMend) return { message, evidence: evidenceOf(found), fix: "codex auth fix" };
  const fix = `${moveAside(scene.fx.fs, scene.paths.poolFile)} && codex auth import`;
  return { message, evidence: ["no account in it can be read, and no backup"], fix, canMend };
}

function evidenceOf({ read, added, backup }: SalvagedPool): string[] {
  const inFile = `accounts that can be read in it: ${read}`;
  return backup === null ? [inFile] : [inFile, `missing there, but in the backup ${backup}: ${added}`];
}

function salvaged(scene: Scene): SalvagedPool | null {
  const text = readTextIfPresent(scene.fx.fs, scene.paths.poolFile);
  return text === null ? null : salvagePool(scene.fx.store, text, scene.nowMs);
}

/** Of the text as it is under the lock. */
function salvagedPool({ fx, nowMs, problem }: Scene, text: string): Pool {
  const found = salvagePool(fx.store, text, nowMs);
  if (found && found.pool.accounts.length > 0) return found.pool;
  throw problem ?? new Error("The pool is damaged.");
}
