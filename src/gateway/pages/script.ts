/**
 * The module of the pages, as browsers run it: forms and buttons that speak JSON to `/api`, a link that signs in, and
 * the parts of a page that follow the gateway. Nothing is built from text of others but through textContent.
 */
export const pageScript = String.raw`const $ = (id) => document.getElementById(id);
const alertOf = (from) => {
  let box = from.querySelector(":scope > [role=alert]");
  if (!box) {
    box = document.createElement("p");
    box.setAttribute("role", "alert");
    box.className = "bad";
    from.append(box);
  }
  return box;
};

const ask = async (call, body) => {
  const [method, path] = call.split(" ");
  const options = { method, headers: { "content-type": "application/json" } };
  if (method !== "DELETE") options.body = JSON.stringify(body ?? {});
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    return { error: { message: "The gateway cannot be reached." } };
  }
  const text = await answer.text();
  let value = {};
  try {
    if (text) value = JSON.parse(text);
  } catch {
    value = { error: { message: "The gateway answered " + answer.status + "." } };
  }
  return value;
};

// The close event of a dialog comes late: one that is open again by then was asked anew.
let giveUp = () => {};
const chosen = (dialog) =>
  new Promise((resolve) => {
    giveUp();
    const asking = new AbortController();
    const answer = (word) => {
      asking.abort();
      resolve(word);
    };
    giveUp = () => answer("no");
    let word = "no";
    const click = ({ target }) => {
      if (target.value === undefined || target.tagName !== "BUTTON") return;
      word = target.value;
      if (word === "copy") {
        const code = dialog.querySelector("code");
        navigator.clipboard?.writeText(code.textContent).then(() => (target.textContent = "Copied"));
        getSelection().selectAllChildren(code);
      } else dialog.close();
    };
    dialog.addEventListener("click", click, { signal: asking.signal });
    dialog.addEventListener("close", () => dialog.open || answer(word), { signal: asking.signal });
    dialog.showModal();
  });

const confirmed = (text, action) => {
  $("ask-text").textContent = text;
  $("ask").querySelector("[value=yes]").textContent = action;
  return chosen($("ask"));
};

const told = async (value, next) => {
  if (value.secret) {
    $("secret").querySelector("code").textContent = value.secret;
    await chosen($("secret"));
  }
  if (next) location.assign(next);
  else location.reload();
};

const list = (text) => text.split(/[\n,]/).map((each) => each.trim()).filter(Boolean);
const read = {
  text: (field) => field.value.trim(),
  list: (field) => list(field.value),
  names: (field) => (list(field.value).length ? list(field.value) : null),
  count: (field) => (field.value === "" ? null : Number(field.value)),
  day: (field) => (field.value === "" ? null : field.value + "T00:00:00Z"),
};
const isChanged = (field) =>
  field.type === "checkbox" ? field.checked !== field.defaultChecked
  : field.tagName === "SELECT" ? true
  : field.value !== field.defaultValue;

const bodyOf = (form) => {
  const onlyChanges = form.dataset.api.startsWith("PATCH");
  const body = {};
  for (const field of form.elements) {
    const { name, dataset } = field;
    if (!name || field.type === "checkbox") continue;
    if (onlyChanges && !isChanged(field)) continue;
    const value = read[dataset.as ?? "text"](field);
    if (!onlyChanges && (value === null || value === "" || value.length === 0)) continue;
    body[name] = value;
  }
  const boxes = [...form.querySelectorAll("input[type=checkbox]")];
  if (boxes.some(isChanged)) {
    const ids = boxes.filter((box) => box.checked).map((box) => box.value);
    body[boxes[0].name] = ids.length ? ids : null;
  }
  return body;
};

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.api) return;
  event.preventDefault();
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  for (const field of form.elements) field.removeAttribute("aria-invalid");
  const value = await ask(form.dataset.api, bodyOf(form));
  button.disabled = false;
  if (!value.error) return told(value, form.dataset.next);
  alertOf(form).textContent = value.error.message;
  const field = form.elements[String(value.error.param ?? "").split(".")[0]];
  if (field?.setAttribute) {
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }
});

document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("button[data-api]");
  if (!button) return;
  const { api, confirm, action, next } = button.dataset;
  if (confirm && (await confirmed(confirm, action)) !== "yes") return;
  const value = await ask(api);
  if (value.error) alertOf(button.parentElement).textContent = value.error.message;
  else await told(value, next);
});

const link = /^#link=([\w-]+)$/.exec(location.hash)?.[1];
if (link) {
  history.replaceState(null, "", location.pathname);
  const value = await ask("POST /api/session", { link });
  if (value.error) alertOf($("main")).textContent = value.error.message;
  else location.reload();
}

// What is marked as live follows the gateway while somebody looks, and stays where somebody works in it.
const live = document.querySelectorAll("[data-live]");
const refresh = async () => {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  $("stale")?.toggleAttribute("hidden", Boolean(answer?.ok));
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    // The session is over.
    if (!fresh) return location.reload();
    if (part.contains(document.activeElement) || part.matches(":hover")) continue;
    if (fresh.innerHTML !== part.innerHTML) part.replaceWith(fresh);
  }
};
if (live.length) setInterval(refresh, 5000);
`;
