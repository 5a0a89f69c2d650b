/**
 * Pairing in one click: the person starts it in the popup, which opens the dashboard; they click there, and the page hands its
 * code over. Believed is that tab alone, at the dashboard's own address, once, and for five minutes. No other page has a
 * way to say anything to the extension.
 *
 * @typedef {{ tab: number, port: number, until: number }} Asked  Kept as long as the browser runs.
 */
import { listen } from "../content/handover.js";
import { readCode } from "../lib/seal.js";
import { settings } from "../lib/settings.js";
import { askState, run } from "./courier.js";
import { loadPairing } from "./db.js";
import { Failure, USUAL_PORT } from "./gateway.js";
import { pair } from "./pairing.js";
import { openInFront } from "./tab.js";
import { inTurn } from "./turn.js";
import { wake } from "./walk.js";

const PATIENCE = 5 * 60_000;

const turn = inTurn();

/**
 * The person wants to pair. Where another program may answer in our gateway's place, its page would hand over a code of its
 * own: they are led to the settings instead. So they are where nothing answers: who is silent now may have a page all the same.
 */
export async function askForCode() {
  const isOurs = !(await loadPairing()) || (await answersSealed());
  if (!isOurs || (await settings()).doubt) {
    return void (await openInFront(chrome.runtime.getURL("options/options.html")));
  }
  const port = (await loadPairing())?.port ?? USUAL_PORT;
  const tab = await openInFront(`${dashboard(port)}/#devices`);
  await chrome.storage.session.set({ handover: { tab, port, until: Date.now() + PATIENCE } });
  await offer(tab); // it may have loaded meanwhile
}

/** Whether it is surely our gateway that is there, be it well or not. */
const answersSealed = () =>
  askState(null).then(
    () => true,
    (error) => error instanceof Failure && ["problem", "gone"].includes(error.kind),
  );

/**
 * A tab has loaded. If it is the one, and shows the dashboard, it is listened to.
 * @param {number} tabId
 */
export async function offer(tabId) {
  const asked = await underWay();
  if (asked?.tab !== tabId) return;
  const { url, status } = await chrome.tabs.get(tabId);
  const origin = dashboard(asked.port);
  if (status !== "complete" || originOf(url) !== origin) return;
  await chrome.scripting.executeScript({ target: { tabId }, func: listen, args: [origin] });
}

/**
 * What a page hands over; answers it whether this browser is paired now.
 * @param {{ what: string, code: string }} message
 * @param {chrome.runtime.MessageSender} sender
 * @param {(answer: boolean) => void} respond
 */
export function take({ what, code }, sender, respond) {
  if (what !== "handover") return false;
  claim(sender)
    .then((asked) => asked !== null && pairBy(code, asked))
    .then(respond, () => respond(false));
  return true;
}

/** @param {string} code @param {Asked} asked */
async function pairBy(code, { port }) {
  if ((await readCode(code)).port !== port) return false;
  await pair(code);
  void run();
  void wake();
  return true;
}

/**
 * Whether it is what was asked for; from then on it is not any more.
 * @param {chrome.runtime.MessageSender} sender
 * @returns {Promise<Asked | null>}
 */
function claim({ tab, frameId, url }) {
  return turn(async () => {
    const asked = await underWay();
    if (!asked || tab?.id !== asked.tab || frameId !== 0 || originOf(url) !== dashboard(asked.port)) return null;
    await chrome.storage.session.remove("handover");
    return asked;
  });
}

/** @returns {Promise<Asked | null>} */
async function underWay() {
  /** @type {{ handover?: Asked }} */
  const { handover = null } = await chrome.storage.session.get("handover");
  return handover && Date.now() <= handover.until ? handover : null;
}

/** @param {number} port */
function dashboard(port) {
  return `http://d2f.localhost:${port}`;
}

/** @param {string | undefined} url */
function originOf(url) {
  return url && URL.canParse(url) ? new URL(url).origin : null;
}
