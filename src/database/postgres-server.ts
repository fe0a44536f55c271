import type { Pool, PoolClient } from "pg";
import type { DatabaseServer, Statements } from "./database.ts";

const channel = "codex_auth";
const againMs = 1_000;

/** A copy lies in another cluster, or has another number in the same. */
const identitySql = `select (select system_identifier from pg_control_system())::text || '/' || oid::text as identity
  from pg_database where datname = current_database()`;

/** `ears`: one connection that is kept, because notices come to whoever is connected. */
export function postgresServer(statements: Pick<Statements, "query">, ears: Pool): DatabaseServer {
  return {
    identity: async () => String((await statements.query(identitySql))[0]?.["identity"]),
    tell: async (inside) => void (await inside.query(`select pg_notify('${channel}', '')`)),
    listen: (onTold) => listen(ears, onTold),
  };
}

function listen(ears: Pool, onTold: () => void): () => void {
  let isOver = false;
  let client: PoolClient | null = null;
  let timer: NodeJS.Timeout | null = null;

  const lose = (lost: PoolClient) => {
    if (client !== lost) return;
    client = null;
    lost.release(true);
    again();
  };
  const again = () => {
    if (!isOver) timer = setTimeout(() => void connect(), againMs).unref();
  };
  async function connect(): Promise<void> {
    try {
      const connected = await ears.connect();
      if (isOver) return connected.release(true);
      client = connected;
      connected.on("notification", onTold);
      connected.once("error", () => lose(connected));
      connected.once("end", () => lose(connected));
      await connected.query(`listen ${channel}`);
      // What was told before is heard of now.
      onTold();
    } catch {
      if (client) lose(client);
      else again();
    }
  }
  void connect();
  return () => {
    isOver = true;
    if (timer) clearTimeout(timer);
    const last = client;
    client = null;
    last?.release(true);
  };
}
