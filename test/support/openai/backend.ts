import type { FakeReply, FakeRequest } from "./server.ts";

const message = {
  type: "message",
  id: "msg_1",
  role: "assistant",
  content: [{ type: "output_text", text: "hello" }],
};

/** The shortest stream of events that ends a turn well. */
export function turnReply(): FakeReply {
  const events = [
    { type: "response.output_item.done", output_index: 0, item: message },
    { type: "response.completed", response: { id: "resp_1" } },
  ];
  const body = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
  return { status: 200, body, headers: { "content-type": "text/event-stream" } };
}

/** No models: Codex then uses the list that it brings along. */
export function modelsReply(): FakeReply {
  return { status: 200, body: { models: [] } };
}

/**
 * The workspace of whoever asks. Codex insists on an https origin here, although the turn itself goes where
 * openai_base_url says.
 */
export function accountsCheckReply({ headers }: FakeRequest): FakeReply {
  const id = headers["chatgpt-account-id"]?.toString() ?? "acct-1";
  const account = {
    id,
    account_user_id: `user-1__${id}`,
    plan_type: "plus",
    name: "Personal",
    structure: "personal",
    workspace_backend_origin: "https://chatgpt.com",
    account_routing_override: "NO_CONSTRAINT",
    can_access_with_session: true,
    is_deactivated: false,
    is_fedramp_compliant_workspace: false,
    sso_connection_name: null,
    profile_picture_url: null,
  };
  return { status: 200, body: { accounts: [account], account_ordering: [id], default_account_id: id } };
}
