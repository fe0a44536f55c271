import type { Context } from "../../context.ts";
import { type LaunchOptions, launchProxy } from "../../proxy/launch.ts";
import type { RotationProxy, RotationStatus } from "../../proxy/options.ts";
import { refuseSecondServer, type RotationEntry } from "../../store/files/rotation.ts";

/** How long requests may go on after the proxy was asked to end. */
export const graceMs = 30_000;

interface ServeOptions extends LaunchOptions {
  /** Set in the background, where the output of this process goes there. */
  logFile: string | null;
  /** Called when the proxy listens and other commands can find it. */
  onReady: (status: RotationStatus) => void;
}

interface Served {
  /** Its last figures. */
  status: RotationStatus;
  entry: RotationEntry;
}

/** Runs the proxy of this store until somebody asks it to end. */
export async function serveRotation(ctx: Context, options: ServeOptions): Promise<Served> {
  const { rotation } = ctx.store;
  refuseSecondServer(rotation.read(), "rotation");
  const { proxy, key } = await launchProxy(ctx, options);
  try {
    const { port } = proxy;
    const { logFile } = options;
    const entry = await rotation.claim({ port, key, startedAtMs: ctx.now(), logFile });
    options.onReady(proxy.status());
    await closedOnSignal(ctx, proxy);
    return { status: proxy.status(), entry };
  } finally {
    await proxy.close().finally(() => rotation.release());
  }
}

/** After the first signal the requests that run may end; a second one, and SIGHUP, end them too. */
function closedOnSignal(ctx: Context, proxy: RotationProxy): Promise<void> {
  let isFirst = true;
  return new Promise((resolve, reject) => {
    const end = ctx.onStopSignal((signal) => {
      const mayFinish = isFirst && signal !== "SIGHUP";
      isFirst = false;
      const { inFlight } = proxy.status();
      if (mayFinish && inFlight > 0) ctx.stderr.write(waitingText(inFlight));
      proxy
        .close({ graceMs: mayFinish ? graceMs : 0 })
        .then(resolve, reject)
        .finally(end);
    });
  });
}

function waitingText(inFlight: number): string {
  const requests = inFlight === 1 ? "a request" : `${inFlight} requests`;
  return `Waiting up to ${graceMs / 1000} s for ${requests}; once more ends them now.\n`;
}
