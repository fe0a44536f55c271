/** The command that sets the clock from the network. */
export function setClock(platform: string): string {
  if (platform === "darwin") return "sudo sntp -sS time.apple.com";
  return platform === "win32" ? "w32tm /resync" : "sudo timedatectl set-ntp true";
}
