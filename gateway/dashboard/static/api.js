// Calls to the gateway, and how a form says what went wrong.
import { refresh } from "./live.js";

const chinese = document.documentElement.lang.startsWith("zh");

/** Words for the page's own scripts, in the person's language. */
export const words = JSON.parse(document.querySelector("main").dataset.words);

/** A refusal: `message` is for the person, `code` for us. */
class Refused extends Error {
  constructor(problem) {
    super(chinese ? problem.hint.zh : problem.hint.en);
    this.code = problem.code;
  }
}

/** The address of a part of the gateway, for the account that this page is about. */
export function ours(path) {
  const { account } = document.documentElement.dataset;
  return account ? `${path}${path.includes("?") ? "&" : "?"}account=${account}` : path;
}

/** Calls the API. Resolves to its JSON, or throws an Error with words for the person. */
export async function call(method, path, body) {
  const init = { method, headers: { accept: "application/json" } };
  if (body) {
    init.body = JSON.stringify(body);
    init.headers["content-type"] = "application/json";
  }
  let reply;
  try {
    reply = await fetch(ours(path), init);
  } catch {
    throw new Error(words.network);
  }
  const text = await reply.text();
  const answer = text ? JSON.parse(text) : null;
  if (!reply.ok) throw new Refused(answer);
  return answer;
}

const FIELD = {
  bad_address: "address", not_a_table: "address", feishu_not_found: "address", wiki_needs_app: "address",
  other_base: "address", bad_base_token: "base_token", bad_secret: "app_secret",
  bad_webhook: "webhook", bot_unknown: "webhook", bot_unsigned: "sign", receiver_unknown: "receiver",
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
    problem.textContent = error.message;
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
