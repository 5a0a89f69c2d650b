/** The settings page: pairing with the gateway, and a look at every link of the chain. */
import { ask } from "../lib/ask.js";
import { element } from "../lib/page.js";
import { sayTrouble } from "../lib/say.js";
import { pick, t, translatePage } from "../lib/words.js";

/** @typedef {import("../lib/ask.js").Check} Check */

const ORIGINS = { origins: ["*://*.douban.com/*", "http://127.0.0.1/*", "http://d2f.localhost/*"] };
const code = element("code", HTMLInputElement);
const pairButton = element("pair", HTMLButtonElement);

/** @type {Record<import("../lib/ask.js").CheckName, [string, string]>}  What is well; what to do if not. */
const CHECKS = {
  douban: ["check_douban", "check_douban_do"],
  loopback: ["check_loopback", "check_loopback_do"],
  answers: ["check_answers", "check_answers_do"],
  paired: ["check_paired", "check_paired_do"],
  ours: ["check_ours", "check_ours_do"],
  login: ["check_login", "check_login_do"],
  feishu: ["check_feishu", "check_feishu_do"],
};

/** @param {SubmitEvent} event */
async function pair(event) {
  event.preventDefault();
  pairButton.disabled = true;
  showResult("busy", t("pair_busy"));
  const reply = await ask("pair", { code: code.value });
  pairButton.disabled = false;
  if (reply.ok) {
    code.value = "";
    showResult(reply.pairing.doubted ? "warn" : "good", t(reply.pairing.doubted ? "pair_held" : "pair_done"));
    await refresh();
  } else {
    showResult("bad", "code" in reply ? t(reply.code === "shape" ? "pair_shape" : "pair_check") : sayPairing(reply.trouble));
    code.focus();
  }
}

/**
 * A code that opens nothing is most likely an old one.
 * @param {import("../lib/ask.js").Trouble} trouble
 */
function sayPairing(trouble) {
  if (trouble.kind === "offline") return t("pair_offline", trouble.port ?? "");
  if (trouble.kind === "stranger") return t("pair_refused", trouble.port ?? "");
  const { title, detail } = sayTrouble(trouble);
  return title + t("sentence_gap") + detail;
}

async function unpair() {
  await ask("unpair", {});
  showResult("calm", t("pair_undone"));
  await refresh();
}

async function forget() {
  if (!confirm(t("forget_sure"))) return;
  await ask("forget", {});
  element("forget-result").textContent = t("forget_done");
  showResult("calm", "");
  await refresh();
}

async function showPairing() {
  const { pairing, doubt } = await ask("overview", {});
  showDoubt(doubt, pairing);
  element("paired").hidden = pairing === null;
  element("pair-open").classList.toggle("main", pairing === null); // who is paired has no need to do it again
  element("pairing-form", HTMLDetailsElement).open = pairing === null || doubt;
  element("pairing-summary").textContent = t(pairing ? "pair_anew" : "pair_first");
  if (!pairing) return;
  const since = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
  element("paired-text").textContent = t("pair_with", pairing.port);
  element("paired-since").textContent = t("pair_since", pairing.name, since.format(new Date(pairing.since)));
}

/**
 * What its page offers is not offered here while another program may answer. A code from the terminal is good all the same:
 * no other program can answer to it.
 * @param {boolean} doubt
 * @param {import("../lib/ask.js").Pairing | null} pairing
 */
function showDoubt(doubt, pairing) {
  const isHeld = pairing?.doubted ?? false;
  element("doubt").hidden = !doubt && !isHeld;
  element("pair-row").hidden = doubt || isHeld;
  element("code-hint").hidden = doubt || isHeld; // it speaks of the dashboard's page
  element("trust").hidden = !isHeld;
  element("doubt-text").textContent = t(isHeld ? "trouble_doubted" : "doubt_other");
  element("doubt-do").textContent = t(isHeld ? "doubt_trust_do" : "doubt_other_do");
}

async function trust() {
  await ask("trust", {});
  await refresh();
}

async function showChecks() {
  const button = element("check", HTMLButtonElement);
  button.disabled = true;
  const checks = await ask("check", {});
  element("checks").replaceChildren(...checks.map(line));
  element("allow").hidden = checks.every(({ name, ok }) => ok || !["douban", "loopback"].includes(name));
  button.disabled = false;
}

/** @param {Check} check */
function line({ name, ok, hint }) {
  const [title, todo] = CHECKS[name];
  const sign = document.createElement("span");
  sign.className = "sign";
  sign.textContent = ok ? "✓" : ok === false ? "✗" : "–";
  sign.ariaLabel = t(ok ? "check_yes" : ok === false ? "check_no" : "check_unknown");
  sign.role = "img";
  const text = document.createElement("span");
  text.textContent = t(title);
  const item = document.createElement("li");
  item.dataset.tone = ok ? "good" : ok === false ? "bad" : "calm";
  item.append(sign, text);
  if (ok === false) {
    const advice = document.createElement("small");
    advice.textContent = hint ? pick(hint) : t(todo);
    item.append(advice);
  }
  return item;
}

/** @param {import("../lib/say.js").Tone} tone @param {string} text */
function showResult(tone, text) {
  const result = element("pair-result");
  result.dataset.tone = tone;
  result.textContent = text;
}

async function refresh() {
  await Promise.all([showPairing(), showChecks()]);
  await showPairing(); // the check may have met another program
}

translatePage();
element("form").addEventListener("submit", pair);
element("pair-open").addEventListener("click", () => ask("openPairing", {}));
element("trust").addEventListener("click", trust);
element("unpair").addEventListener("click", unpair);
element("forget").addEventListener("click", forget);
element("check").addEventListener("click", refresh);
element("allow").addEventListener("click", () => chrome.permissions.request(ORIGINS).then(refresh));
void refresh();
