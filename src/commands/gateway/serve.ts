import type { Context } from "../../cli/context.ts";
import { readLoginSettings } from "../../cli/login-settings.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import { randomHex } from "../../store/hash.ts";
import { refuseSecondServer, type RotationEntry } from "../../store/rotation-file.ts";
import { backendOf } from "../../upstream/backend.ts";
import { openGatewayDatabase } from "./open-database.ts";
import { graceMs } from "./running.ts";

export interface ServeOptions {
  readonly port: number;
  readonly address: string;
  /** Set in the background, where the output of this process goes there. */
  readonly logFile: string | null;
  /** Called when it listens and other commands can find it. */
  readonly onReady: (gateway: Gateway) => void;
}

/** Runs the gateway of this store until somebody asks it to end. */
export async function serveGateway(ctx: Context, options: ServeOptions): Promise<RotationEntry> {
  const { gateway: file, gatewayFiles } = ctx.store;
  refuseSecondServer(file.read(), "gateway");
  const { startGateway } = await import("../../gateway/gateway.ts");
  const { transformRequestBody } = await import("../../helpers/transform-request-body.ts");
  const database = await openGatewayDatabase(ctx, options.address);
  try {
    const gateway = await startGateway({
      store: ctx.store,
      database,
      journal: gatewayFiles.journal,
      backend: backendOf(ctx.env, readLoginSettings(ctx).chatgptBaseUrl),
      agents: await ctx.agents(),
      renew: ctx.renew,
      now: ctx.now,
      port: options.port,
      transformBody: (body) => transformRequestBody({ body, codexInstructions: "" }),
    });
    try {
      const { port } = gateway;
      const { logFile, address } = options;
      const key = `gw_${randomHex(16)}`;
      const entry = await file.claim({ port, key, startedAtMs: ctx.now(), logFile, database: address });
      options.onReady(gateway);
      await closedOnSignal(ctx, gateway);
      return entry;
    } finally {
      await gateway.close().finally(() => file.release());
    }
  } finally {
    await database.close();
  }
}

/** After the first signal the requests that run may end; a second one, and SIGHUP, end them too. */
function closedOnSignal(ctx: Context, gateway: Gateway): Promise<void> {
  let isFirst = true;
  return new Promise((resolve, reject) => {
    const end = ctx.onStopSignal((signal) => {
      const mayFinish = isFirst && signal !== "SIGHUP";
      isFirst = false;
      const { inFlight } = gateway.status();
      if (mayFinish && inFlight > 0) {
        ctx.stderr.write(
          `Waiting up to ${graceMs / 1000} s for running requests; once more ends them now.\n`,
        );
      }
      gateway
        .close({ graceMs: mayFinish ? graceMs : 0 })
        .then(resolve, reject)
        .finally(end);
    });
  });
}
