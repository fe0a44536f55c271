import { sha256 } from "../hash.ts";

/** Runs a program of the system with a text on its standard input; `isMissing`: there is none of this name. */
export type AskWith = (
  program: string,
  args: readonly string[],
  input?: string,
) => { status: number | null; stdout: string; isMissing?: boolean };

/** One secret in the keyring of the user. */
export interface KeyringEntry {
  service: string;
  account: string;
}

/**
 * `absent`: there is no such entry. `locked`: there may be one, and nobody unlocks the keyring. `unreachable`: there is no
 * keyring, or no program that reaches it. `why` is half a sentence.
 */
export type KeyringReading =
  | { kind: "secret"; text: string }
  | { kind: "absent" }
  | { kind: "locked" | "unreachable"; why: string };

/** Of a system whose keyring programs can reach without a library. Secrets never stand in a command line. */
export interface Keyring {
  read(entry: KeyringEntry): KeyringReading;
  /**
   * Null when the program said that it is written, which only a reading proves: macOS says so of a failure too. Else why
   * it is not, as half a sentence.
   */
  write(entry: KeyringEntry, text: string): string | null;
  remove(entry: KeyringEntry): void;
}

export function keyringOf(platform: string, ask: AskWith): Keyring | null {
  if (platform === "darwin") return macosKeychain(ask);
  return platform === "win32" ? null : secretService(ask);
}

/**
 * Where Codex keeps its login with cli_auth_credentials_store = "keyring", and looks first with "auto": seen with 0.171,
 * 0.169 and 0.63 in a real gnome-keyring. `codexHome` without links.
 */
export function codexEntry(codexHome: string): KeyringEntry {
  return { service: "Codex Auth", account: `cli|${sha256(codexHome).slice(0, 16)}` };
}

/** The Secret Service (GNOME Keyring, KWallet, KeePassXC), with the attributes of the library that Codex uses. */
function secretService(ask: AskWith): Keyring {
  const attributes = ({ service, account }: KeyringEntry) => ["service", service, "username", account];
  return {
    read: (entry) => {
      const { status, stdout, isMissing } = ask("secret-tool", ["lookup", ...attributes(entry)]);
      if (status === 0) return { kind: "secret", text: stdout };
      if (isMissing)
        return { kind: "unreachable", why: "the program secret-tool is missing (package libsecret-tools)" };
      if (status === null) return { kind: "locked", why: "it did not answer within a minute" };
      // It ends with 1 for "there is none" and for "there is no keyring" alike: a look at all that is there tells them apart.
      const all = ask("secret-tool", ["search", "--all", ...attributes(entry)]);
      if (all.status !== 0) return { kind: "unreachable", why: "no keyring answers on the session bus" };
      // What is found now lies in a part that is locked.
      return all.stdout.trim() === "" ? { kind: "absent" } : { kind: "locked", why: "it is locked" };
    },
    write: (entry, text) => {
      const label = `${entry.account}@${entry.service}:default (keyring v3.6.3)`;
      const more = ["target", "default", "application", "rust-keyring"];
      const args = ["store", `--label=${label}`, ...attributes(entry), ...more];
      return ask("secret-tool", args, text).status === 0 ? null : "secret-tool could not store it";
    },
    remove: (entry) => void ask("secret-tool", ["clear", ...attributes(entry)]),
  };
}

/**
 * What `security -i` reads of a line, its end included. Of a longer one it carries out the first part, with half of the
 * secret: seen by others, in https://github.com/zalando/go-keyring/issues/84 and /153.
 */
const lineBytes = 4095;

/** security(1) is part of macOS; with -i it takes its command, and so the secret, from standard input. */
function macosKeychain(ask: AskWith): Keyring {
  const program = "/usr/bin/security";
  const names = ({ service, account }: KeyringEntry) => ["-s", service, "-a", account];
  return {
    read: (entry) => {
      const { status, stdout, isMissing } = ask(program, ["find-generic-password", ...names(entry), "-w"]);
      if (status === 0) return { kind: "secret", text: decoded(stdout.replace(/\n$/, "")) };
      // errSecItemNotFound
      if (status === 44) return { kind: "absent" };
      if (isMissing) return { kind: "unreachable", why: `the program ${program} is missing` };
      return { kind: "locked", why: "it is locked, or access was not allowed" };
    },
    write: (entry, text) => {
      const words = ["add-generic-password", "-U", ...names(entry), "-w", text].map(quoted).join(" ");
      const line = `${words}\n`;
      if (Buffer.byteLength(line) > lineBytes)
        return "it is longer than the 4 kB that the program security takes, as most logins with ChatGPT are";
      return ask(program, ["-i"], line).status === 0 ? null : "the program security could not store it";
    },
    remove: (entry) => void ask(program, ["delete-generic-password", ...names(entry)]),
  };
}

/** As the shell of `security -i` reads words. */
function quoted(word: string): string {
  return `"${word.replaceAll(/["\\]/g, "\\$&")}"`;
}

/** A text with line ends or beyond ASCII, as a JSON document may be, `security` prints as hexadecimal digits. */
function decoded(text: string): string {
  const plain = /^(?:[0-9a-f]{2})+$/.test(text) ? Buffer.from(text, "hex").toString("utf8") : "";
  return plain.startsWith("{") ? plain : text;
}
