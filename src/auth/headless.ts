interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  platform: string;
  isInContainer: boolean;
}

/** Why a browser of the person most likely cannot reach this machine's loopback; null when it can. */
export function headlessReason({ env, platform, isInContainer }: Surroundings): string | null {
  if (env["SSH_CONNECTION"] || env["SSH_TTY"]) return "this is an SSH session";
  if (env["CI"] && env["CI"] !== "false") return "this is a CI job";
  if (isInContainer) return "this is a container";
  const hasDisplay = env["DISPLAY"] || env["WAYLAND_DISPLAY"] || env["WSL_DISTRO_NAME"];
  return platform === "linux" && !hasDisplay ? "this machine has no display" : null;
}
