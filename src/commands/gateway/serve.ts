import type { Context } from "../../context.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import { holdYoungSpace } from "../../machine/engine-flags.ts";
import { randomHex } from "../../machine/hash.ts";
import { backendOf } from "../../openai/backend.ts";
import { readLoginSettings } from "../../store/config-file.ts";
import { refuseSecondServer, type RotationEntry } from "../../store/files/rotation.ts";
import { graceMs, openGatewayDatabase } from "./running.ts";
import { endStartedMoves, openShared, renewalFor } from "./shared.ts";

export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  /** Where the figures are told without a key; null: nowhere. */
  readonly metricsPort: number | null;
  /** Under which address other machines reach it. */
  readonly publicUrl: URL | null;
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
  const youngSpace = holdYoungSpace();
  const { startGateway } = await import("../../gateway/gateway.ts");
  const { transformRequestBody } = await import("../../compat/transform-request-body.ts");
  const database = await openGatewayDatabase(ctx, options.address);
  try {
    const shared = await openShared(ctx, database);
    if (shared) await endStartedMoves(ctx, database, shared);
    const key = `gw_${randomHex(16)}`;
    const gateway = await startGateway({
      ownerKey: key,
      store: shared?.pool ?? ctx.store,
      sharesAccounts: shared !== null,
      database,
      journal: gatewayFiles.journal,
      cachedModels: gatewayFiles.cachedModels,
      backend: backendOf(ctx.env, readLoginSettings(ctx).chatgptBaseUrl),
      agents: await ctx.agents(),
      renew: renewalFor(ctx, options.address, shared),
      now: ctx.now,
      port: options.port,
      host: options.host,
      ...(options.metricsPort === null ? {} : { metricsPort: options.metricsPort }),
      ...(options.publicUrl === null ? {} : { publicUrl: options.publicUrl }),
      transformBody: (body) => transformRequestBody({ body, codexInstructions: "" }),
    });
    try {
      const { port } = gateway;
      const { logFile, address } = options;
      const entry = await file.claim({ port, key, startedAtMs: ctx.now(), logFile, database: address });
      options.onReady(gateway);
      youngSpace.growTo(youngBytes);
      await closedOnSignal(ctx, gateway, options.publicUrl === null ? 0 : lingerMs);
      return entry;
    } finally {
      await gateway.close().finally(() => file.release());
    }
  } finally {
    youngSpace.release();
    await database.close();
  }
}

/**
 * What requests make is forgotten at once: docs/decisions/gateway-speed.md. Set back at the end, because compiled code is
 * kept under the flags that it is run with.
 */
const youngBytes = 8 * 1024 * 1024;

/** How long a balancer may need to see that this gateway is not ready any more. */
const lingerMs = 5_000;

/** After the first signal the requests that run may end; a second one, and SIGHUP, end them too. */
function closedOnSignal(ctx: Context, gateway: Gateway, lingerMs: number): Promise<void> {
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
        .close(mayFinish ? { graceMs, lingerMs } : {})
        .then(resolve, reject)
        .finally(end);
    });
  });
}
