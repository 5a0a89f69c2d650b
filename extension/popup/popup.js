/** The popup: captures the page at once, and tells what became of it. */
import { ask } from "../lib/ask.js";
import { element, setLink } from "../lib/page.js";
import { sayGateway, sayOutcome, sayPush } from "../lib/say.js";
import { remember } from "../lib/settings.js";
import { count, t, translatePage } from "../lib/words.js";

/** @typedef {import("../lib/say.js").Saying} Saying */
/** @typedef {import("../lib/ask.js").Answer} Answer */

const PACE = 400;
const PATIENCE = 30_000;
/** When pairing is what helps. Nobody is led to pair with a stranger: it may be another program. */
const UNKNOWN = new Set(["unpaired", "gone"]);

const button = element("capture", HTMLButtonElement);
const autosync = element("autosync", HTMLInputElement);
const link = element("result-link", HTMLAnchorElement);

/** Counts the captures, so that what is told of an older one stops. */
let latest = 0;

async function capture() {
  const mine = ++latest;
  button.disabled = true;
  showResult({ tone: "busy", title: t("popup_capturing"), detail: "" });
  try {
    const outcome = await ask("capture", { tab: await tabToCapture() });
    button.disabled = false;
    showResult(sayOutcome(outcome));
    await showOverview();
    if (outcome.kind === "done" && outcome.answer.verdict === "ok") await follow(outcome.answer, mine);
  } catch (error) {
    console.error(error);
    button.disabled = false;
    showResult({ tone: "bad", title: t("trouble_internal"), detail: t("trouble_internal_do") });
  }
}

/** The tab in front, or the one in `?tab=<id>` where the popup is open as a page of its own. */
async function tabToCapture() {
  const named = new URLSearchParams(location.search).get("tab");
  if (named) return Number(named);
  const front = await chrome.windows.getLastFocused({ populate: true });
  return front.tabs?.find(({ active }) => active)?.id ?? chrome.tabs.TAB_ID_NONE;
}

/**
 * Tells how the captured marks get to Feishu, until they are there or patience ends. The push needs
 * nobody to watch it.
 * @param {Answer} answer
 * @param {number} mine
 */
async function follow(answer, mine) {
  const until = Date.now() + PATIENCE;
  const isNews = answer.new + answer.changed > 0;
  while (mine === latest) {
    const reply = await ask("state", { capture: answer.capture });
    if (mine !== latest) return;
    showGateway(reply);
    if (!reply.ok) return;
    const { push, dashboard, capture: fate } = reply.state;
    showPush(sayPush(push, fate ?? { pending: 0, failed: 0 }, isNews, dashboard));
    if (!fate?.pending || push.state === "unset") return;
    if (Date.now() > until) return showPush({ tone: "calm", title: t("push_goes_on"), detail: "" });
    await new Promise((resolve) => setTimeout(resolve, PACE));
  }
}

/** @param {Saying} saying */
function showResult(saying) {
  element("result").dataset.tone = saying.tone;
  element("result-title").textContent = saying.title;
  element("result-detail").textContent = saying.detail;
  element("push").textContent = "";
  setLink(link, saying.link);
}

/** @param {Saying} saying */
function showPush({ tone, title, detail, link: way }) {
  const line = element("push");
  line.dataset.tone = tone;
  line.textContent = [title, detail].filter(Boolean).join(t("sentence_gap"));
  if (tone === "warn" || tone === "bad") element("result").dataset.tone = tone;
  if (way) setLink(link, way);
}

/** @param {import("../lib/ask.js").StateReply} reply */
function showGateway(reply) {
  const { tone, title } = sayGateway(reply);
  element("gateway").dataset.tone = tone;
  element("gateway-text").textContent = title;
  element("pair").hidden = reply.ok || !UNKNOWN.has(reply.trouble.kind);
  const dashboard = reply.ok ? { text: t("link_dashboard"), href: reply.state.dashboard } : null;
  setLink(element("dashboard", HTMLAnchorElement), dashboard);
}

async function showOverview() {
  const { waiting, dropped, autosync: isOn, walk } = await ask("overview", {});
  autosync.checked = isOn;
  autosync.disabled = false; // before, a click would be undone by what is just being asked
  element("waiting").textContent = waiting ? count(waiting, "popup_waits_one", "popup_waits_many") : "";
  element("walk").hidden = walk === null;
  element("walk-text").textContent = count(walk ?? 0, "walk_reading_one", "walk_reading_many");
  element("dropped").hidden = dropped === 0;
  element("dropped-text").textContent = count(dropped, "popup_dropped_one", "popup_dropped_many");
}

translatePage();
button.addEventListener("click", capture);
element("pair").addEventListener("click", () => ask("openPairing", {}));
autosync.addEventListener("change", () => remember({ autosync: autosync.checked }));
element("walk-stop").addEventListener("click", () => ask("stopWalk", {}).then(showOverview));
element("dropped-ok").addEventListener("click", () => remember({ dropped: 0 }).then(showOverview));
void showOverview();
void ask("state", { capture: null }).then(showGateway);
void capture();
