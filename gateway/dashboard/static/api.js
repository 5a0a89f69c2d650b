// Calls to the gateway, and how a form says what went wrong.
import { ours, proof, refresh } from "./live.js";

const chinese = document.documentElement.lang.startsWith("zh");

/** Words for the page's own scripts, in the person's language. */
export const words = JSON.parse(document.querySelector("main").dataset.words);

/** What the page shows, by the path that it is changed at: the ETag of each. */
const versions = JSON.parse(document.querySelector("main").dataset.versions);

/** A refusal: `message` is for the person, `code` for us. */
class Refused extends Error {
  constructor(problem) {
    super(chinese ? problem.hint.zh : problem.hint.en);
    this.code = problem.code;
  }
}

/**
 * Calls the API. Resolves to its JSON, or throws an Error with words for the person.
 * What is changed is what the person sees, not something newer: the version that the page has of it, unless it is given.
 */
export async function call(method, path, body, version = method === "PUT" ? versions[path] : undefined) {
  let [reply, answer] = await ask(method, path, body, version);
  if (!reply.ok && (await mended(answer.code))) [reply, answer] = await ask(method, path, body, version);
  if (!reply.ok) throw new Refused(answer);
  if (method === "PUT") versions[path] = reply.headers.get("etag");
  return answer;
}

async function ask(method, path, body, version) {
  const init = { method, headers: { accept: "application/json", ...proof } };
  if (body) {
    init.body = JSON.stringify(body);
    init.headers["content-type"] = "application/json";
  }
  if (version) init.headers["if-match"] = version;
  let reply;
  try {
    reply = await fetch(ours(path), init);
  } catch {
    throw new Error(words.network);
  }
  const text = await reply.text();
  return [reply, text ? JSON.parse(text) : null];
}

/** The access token becomes too old while the page is open, after 15 minutes. */
async function mended(code) {
  return code === "not_logged_in" && (await fetch("/renew", { method: "POST" })).ok;
}

async function page() {
  const reply = await fetch(ours("/"), { headers: { accept: "text/html", ...proof } });
  return new DOMParser().parseFromString(await reply.text(), "text/html");
}

const FIELD = {
  bad_address: "address", not_a_table: "address", feishu_not_found: "address", wiki_needs_app: "address",
  other_base: "address", bad_base_token: "base_token", bad_secret: "app_secret",
  bad_webhook: "webhook", bot_unknown: "webhook", bot_unsigned: "sign", receiver_unknown: "receiver",
  wrong_passphrase: "current", passphrase_too_short: "passphrase", passphrase_differs: "again",
};

/** Does what a form's button stands for. What goes wrong is said in the form, beside the field if there is one. */
export async function submit(form, button, work, busy = words.connecting) {
  const problem = form.querySelector(".problem");
  const label = button.textContent;
  button.disabled = true;
  button.textContent = busy;
  problem.hidden = true;
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  try {
    await work();
    button.textContent = label;
  } catch (error) {
    button.textContent = label;
    const field = form.elements[FIELD[error.code]];
    if (field) (field.closest(".pair") ?? field.closest("label")).after(problem);
    else form.querySelector(".actions").before(problem);
    problem.textContent = error.code === CHANGED ? await told(form, error) : error.message;
    problem.hidden = false;
    field?.setAttribute("aria-invalid", "true");
    field?.focus();
    refresh(); // the state of everything may be another one now
    return error;
  } finally {
    button.disabled = false;
  }
}

/** The words of one of the API's pairs. */
export const say = (pair) => (chinese ? pair.zh : pair.en);

export const CHANGED = "changed_meanwhile";

/** The page as it is now. What is saved from here on is an edit of that. */
export async function latest() {
  const now = await page();
  Object.assign(versions, JSON.parse(now.querySelector("main").dataset.versions));
  return now;
}

const seen = new WeakMap();

/** What was changed elsewhere, with what it is now. What the person entered stays as it is. */
async function told(form, error) {
  const now = settings((await latest()).getElementById(form.id));
  const before = seen.get(form) ?? settings(form);
  seen.set(form, now);
  const changed = [...now].filter(([name, { value }]) => before.get(name)?.value !== value);
  const lines = changed.map(([, { label, value }]) => (label ? `${label} ${value}` : value));
  return lines.length ? `${error.message}\n${words.changed_to}${lines.join(" · ")}` : error.message;
}

/** What a form is set to before anybody fills it in: name → what a person reads. Secrets are not in it. */
function settings(form) {
  const found = new Map();
  for (const field of form.elements) {
    const choice = field.type === "radio" || field.type === "checkbox";
    if (!field.name || (choice && !field.defaultChecked)) continue;
    const own = field.closest("label");
    const option = field.querySelector?.("option[selected]");
    const value = choice ? (own.querySelector("b") ?? own).textContent.trim() : option?.textContent ?? field.defaultValue;
    const label = choice ? field.closest("fieldset").querySelector("legend")?.textContent : own?.firstChild.textContent.trim();
    const earlier = found.get(field.name);
    found.set(field.name, { label, value: earlier ? `${earlier.value} ${value}` : value });
  }
  return found;
}
