import { type Duplicate, findDuplicates, mergeDuplicates } from "../../codex/config/duplicates.ts";
import { correctTypos, isRedefinition } from "../../codex/config/mistakes.ts";
import { readConfig } from "../../codex/config/toml.ts";
import { decodedText } from "../../codex/tidy-tokens.ts";
import type { CodexAuthError } from "../../errors/codex-auth-error.ts";
import { errorCode } from "../../machine/file-error.ts";
import { isLink, linkTarget, readBytes } from "../../machine/file-system.ts";
import { isForeign, rightOwner } from "../../machine/path-kind.ts";
import { modeOf, ownModeOf, refuseWriters } from "../../store/files/mode.ts";
import { shellWord } from "../../text/shell-words.ts";
import type { DoctorCheck, Fix, FoundFault } from "../check.ts";
import type { Facts } from "../facts.ts";
import { moveAside } from "../place-finding.ts";
import { commentOut, configTarget, withoutSecret } from "./config-edit.ts";

/** Codex reads UTF-8 only. UTF-16 says by its mark what it is; what other bytes mean is a guess, so a person says it. */
export const configEncoding: DoctorCheck = {
  id: "config_encoding",
  area: "config",
  severity: "error",
  title: "config.toml is not UTF-8",
  look: (facts) => {
    const encoding = foreignEncoding(facts);
    if (encoding === null) return [];
    const target = configTarget(facts);
    const [old, fresh] = [shellWord(target), shellWord(`${target}.utf8`)];
    const fix = {
      does: `Write ${facts.paths.configFile} in UTF-8, each character as it is.`,
      apply: () => facts.ctx.store.editConfig(() => decodedText(readBytes(facts.ctx.fs, target)).text),
    };
    return [
      {
        message: `Codex does not start: ${facts.paths.configFile} is not written in UTF-8, but probably in ${encoding}.`,
        fix: encoding === "UTF-16" ? fix : null,
        command: `umask 077; iconv -f ${encoding} -t UTF-8 ${old} > ${fresh} && cat ${fresh} > ${old} && rm ${fresh}`,
      },
    ];
  },
};

/** Then whatever else is wrong with the text comes of that. */
function isOtherEncoding(facts: Facts): boolean {
  return foreignEncoding(facts) !== null;
}

/** As iconv names it; null for UTF-8. */
function foreignEncoding(facts: Facts): string | null {
  // The mark that stands for bytes which are no UTF-8; the person may have written it, too.
  if (!facts.config.text?.includes("\uFFFD")) return null;
  const bytes = readBytes(facts.ctx.fs, configTarget(facts));
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) return "UTF-16";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return null;
  } catch {
    return "WINDOWS-1252";
  }
}

export const configLinkDangling: DoctorCheck = {
  id: "config_link_dangling",
  area: "config",
  severity: "warning",
  title: "config.toml leads to a file that is not there",
  look: (facts) => {
    const { ctx, paths, config } = facts;
    if (config.text !== null || config.problem || !isLink(ctx.fs, paths.configFile)) return [];
    const target = linkTarget(ctx.fs, paths.configFile);
    return [
      {
        message: `Codex starts as if there were no settings: ${paths.configFile} is a link to ${target}, and that does not exist. Bring the file back, or remove the link.`,
        command: moveAside(ctx.fs, paths.configFile),
      },
    ];
  },
};

/** The file names programs that Codex starts: who may write it may run what he likes. */
export const configFileOpen: DoctorCheck = {
  id: "config_file_open",
  area: "config",
  severity: "warning",
  title: "config.toml can be changed by other users",
  look: (facts) => {
    if (facts.config.text === null) return [];
    const { ctx, paths } = facts;
    const target = configTarget(facts);
    const mode = modeOf(ctx.fs, target);
    if (mode === null || (mode & 0o002) === 0) return [];
    const fix = {
      does: `Let nobody else change ${target}.`,
      apply: () => Promise.resolve(refuseWriters(ctx.fs, paths, target)),
    };
    return [
      {
        message: `Every user of this machine can change ${target}, and Codex starts the programs that it names.`,
        evidence: [`mode ${mode.toString(8).padStart(4, "0")}`],
        command: `chmod go-w ${shellWord(target)}`,
        fix: ownModeOf(ctx.fs, paths, target) === null ? null : fix,
      },
    ];
  },
};

/** What a person may have set to keep something in or out: without such a file Codex could do more, or go elsewhere. */
const guards = /sandbox|approv|permission|forced_|cli_auth|provider|base_url|network|trust|hooks/;

export const configUnreadable: DoctorCheck = {
  id: "config_unreadable",
  area: "config",
  severity: "error",
  title: "config.toml has a syntax error",
  look: (facts) => {
    const { broken, problem, text } = facts.config;
    if (problem) return [unopened(problem, facts)];
    if (!broken || isOtherEncoding(facts) || duplicateIn(facts) || correctTypos(text ?? "")) return [];
    const { ctx, paths } = facts;
    const { line, column, message, excerpt } = broken;
    const isGuard = guards.test(text ?? "");
    const fix = {
      does: `Move ${paths.configFile} aside, as config.toml.broken-<time>: line ${line} cannot be read, and Codex starts without the file.`,
      apply: () => ctx.store.moveConfigAside(text ?? ""),
    };
    return [
      {
        message: `Codex does not start: ${paths.configFile}:${line}:${column}: ${message}`,
        evidence: [...excerpt.split("\n").map(withoutSecret), ...(isGuard ? [whyNot] : [])],
        command: moveAside(ctx.fs, configTarget(facts), "broken"),
        fix: isGuard ? null : fix,
      },
    ];
  },
};

const whyNot =
  "Not moved away by itself: it may hold settings that limit what Codex may do (sandbox, approvals, provider, login).";

function unopened({ code, message, cause }: CodexAuthError, { ctx, paths }: Facts): FoundFault {
  const path = paths.configFile;
  const owner = isForeign(ctx.fs, paths, path) ? rightOwner(ctx.fs, paths) : null;
  const own = owner
    ? `sudo chown ${owner.uid}:${owner.gid} ${shellWord(path)}`
    : `chmod u+rw ${shellWord(path)}`;
  const command = code === "permission_denied" ? own : moveAside(ctx.fs, path, "broken");
  // Codex reads it all the same, at every start.
  const isLarge = errorCode(cause) === "EFBIG";
  return { message: isLarge ? message : `Codex does not start: ${message}`, command };
}

/** The first key or table that stands twice, where that is why the parser stopped. */
function duplicateIn({ config }: Facts): Duplicate | null {
  const { broken, text } = config;
  if (!broken || !isRedefinition(broken)) return null;
  return findDuplicates(text ?? "").find(({ secondLine }) => secondLine === broken.line) ?? null;
}

export const configDuplicateKey: DoctorCheck = {
  id: "config_duplicate_key",
  area: "config",
  severity: "error",
  title: "config.toml sets a key twice",
  look: (facts) => {
    const duplicate = duplicateIn(facts);
    return duplicate ? [duplicateFault(duplicate, facts)] : [];
  },
};

function duplicateFault(duplicate: Duplicate, facts: Facts): FoundFault {
  const { name, firstLine, secondLine, isTable } = duplicate;
  const text = facts.config.text ?? "";
  const lines = text.split("\n");
  const fix = mergeDuplicates(text) === null ? null : joining(facts);
  const secondOut = commentOut(facts.ctx.fs, configTarget(facts), { first: secondLine, last: secondLine });
  const command = fix ? "codex auth fix" : isTable || !isOneLine(text, secondLine) ? null : secondOut;
  return {
    message: `Codex does not start: ${facts.paths.configFile} has ${name} twice, in line ${firstLine} and in line ${secondLine}. ${fix ? "Both can be joined." : `Keep the one that is right${command === null ? "" : `; the command keeps line ${firstLine}`}.`}`,
    evidence: [firstLine, secondLine].map(
      (line) => `${line}: ${withoutSecret(lines[line - 1]?.trim() ?? "")}`,
    ),
    command,
    fix,
  };
}

function joining({ ctx }: Facts): Fix {
  return {
    does: "Write every table and key of config.toml only once; nothing that it says is lost.",
    apply: () => ctx.store.editConfig((text) => mergeDuplicates(text) ?? text),
  };
}

/** Whether the text without that line is no worse. */
function isOneLine(text: string, line: number): boolean {
  const lines = text.split("\n");
  lines[line - 1] = "";
  const reading = readConfig(lines.join("\n"));
  return reading.kind === "tree" || (isRedefinition(reading) && reading.line > line);
}

export const configTypo: DoctorCheck = {
  id: "config_typo",
  area: "config",
  severity: "error",
  title: "config.toml has a typing error",
  look: (facts) => {
    const { broken, text } = facts.config;
    const corrected = broken && correctTypos(text ?? "");
    if (!corrected || isOtherEncoding(facts)) return [];
    const { line, column, message } = broken;
    const { store } = facts.ctx;
    const fix = {
      does: `Correct line ${corrected.lines.map((each) => each.line).join(", ")} of config.toml.`,
      apply: () => store.editConfig((old) => correctTypos(old)?.text ?? old),
    };
    return [
      {
        message: `Codex does not start: ${facts.paths.configFile}:${line}:${column}: ${message}. It is clear what was meant.`,
        evidence: corrected.lines.flatMap((each) => [
          `line ${each.line}: ${withoutSecret(each.before.trim())}`,
          `meant:  ${withoutSecret(each.after.trim())}`,
        ]),
        command: "codex auth fix",
        fix,
      },
    ];
  },
};
