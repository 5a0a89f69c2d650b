/**
 * Reads the person's lists when the gateway's schedule asks an open browser to. One tab in the background, one page each
 * time the alarm rings, half a minute to a minute apart: slower than a person, and far below what Douban minds. The service
 * worker may end between any two lines, so where it is lies in storage.
 *
 * How it learns that it is asked: it asks the gateway when the browser starts, after pairing, every five minutes while
 * some schedule has browsers asked, and else once an hour, in case that one was set. Every answer to a capture or to the popup
 * tells, too. Each time that is one message of some 100 bytes, which never leaves this machine.
 *
 * @typedef {import("../lib/path.js").Walk} Walk
 */
import { placeOf } from "../lib/addresses.js";
import { advance, begin, isThere, report, stop } from "../lib/path.js";
import { settings } from "../lib/settings.js";
import { keepRinging, ring, silence } from "./alarms.js";
import { DOUBAN_ORIGINS, look, send } from "./capture.js";
import { askState } from "./courier.js";
import { loadPairing } from "./db.js";
import { Failure } from "./gateway.js";
import { accountLoggedIn } from "./session.js";
import { closeOurs, leaveOurs, openInOurs, ourTab } from "./tab.js";
import { inTurn } from "./turn.js";

export const WALK_ALARM = "d2f-walk";
const OFTEN = 5;
const SELDOM = 60;

const turn = inTurn();

/**
 * The alarm rang: the next page of a walk, or a look whether one is asked for. One that was overdue, as when the browser
 * has just started, may come right after a page was opened, and must not hurry it.
 * @param {chrome.alarms.Alarm} alarm
 */
export function tick({ scheduledTime }) {
  return turn(async () => {
    const walk = await underWay();
    if (!walk) await inquire();
    else if (scheduledTime >= walk.openedAt || walk.openedAt > Date.now()) await step(walk).catch(wait);
  });
}

/** Something may have changed. It never hurries a walk that is under way. */
export function wake() {
  return turn(async () => {
    if (await underWay()) await keepRinging(WALK_ALARM, pace());
    else await inquire();
  });
}

/** The person wants no more of it. */
export function stopWalk() {
  return turn(async () => {
    const walk = await underWay();
    if (walk && !walk.end) await finish(stop(walk, "by_person")).catch(wait);
  });
}

/** @returns {Promise<Walk | null>} */
export async function underWay() {
  const { walk } = await chrome.storage.local.get({ walk: null });
  return walk;
}

/** Asks whether there is something to read, and begins. */
async function inquire() {
  if (!(await loadPairing())) return void (await silence(WALK_ALARM));
  const state = await askState(null).catch(offline);
  await ring(WALK_ALARM, (await settings()).asks ? OFTEN : SELDOM);
  if (!state?.walk || (await hindrance(state.walk.account)) || (await isPaging())) return;
  const walk = begin(state.walk);
  const granted = await askState(null, report(walk)).catch(offline);
  if (granted?.walk?.id !== walk.id) return;
  await ring(WALK_ALARM, pace());
  await open(walk);
}

/**
 * One page: what the tab shows is sent, and the tab goes on. Rejects with a Failure if the gateway cannot be asked;
 * then nothing is asked of Douban, either.
 * @param {Walk} walk
 */
async function step(walk) {
  await ring(WALK_ALARM, pace());
  if (walk.end) return finish(walk);
  const { walk: asked } = await askState(null, report(walk));
  if (asked?.id !== walk.id) return forget();
  const tab = await ourTab();
  const reason = (await hindrance(walk.account)) ?? (tab === null ? "tab_closed" : null);
  if (reason) return finish(stop(walk, reason));
  if (!tab || !walk.openedAt) return open(walk);
  return go(await read(walk, tab));
}

/**
 * Sends the page that the tab shows. A page whose answer does not come now is sent again next time.
 * @param {Walk} walk
 * @param {chrome.tabs.Tab} tab
 * @returns {Promise<Walk>}
 */
async function read(walk, { id = chrome.tabs.TAB_ID_NONE, status }) {
  const page = await look(id);
  if (typeof page === "string") return stop(walk, page);
  if (!isThere(walk, page.url)) return stop(walk, status === "loading" ? "loading" : "tab_taken");
  if (page.account !== walk.account) return stop(walk, "other_account");
  const outcome = await send(id, page, "asked", walk.capture);
  if (outcome.kind === "waiting") return walk;
  if (outcome.kind !== "done") return stop(walk, "rejected");
  const { verdict, reason } = outcome.answer;
  return verdict === "ok" ? advance(walk, outcome.answer, page.next) : stop(walk, reason?.code ?? "unreadable");
}

/** @param {Walk} walk  After a page. */
async function go(walk) {
  if (walk.end) return finish(walk);
  if (!walk.openedAt) await open(walk);
}

/** @param {Walk} walk */
async function open(walk) {
  await keep(walk);
  await openInOurs(walk.url);
  await keep({ ...walk, openedAt: Date.now() });
}

/**
 * It is over: first in storage, then in the browser, then at the gateway, which is told until it has heard.
 * @param {Walk} walk
 */
async function finish(walk) {
  await keep(walk);
  await (walk.end?.reason === "tab_taken" ? leaveOurs() : closeOurs());
  await askState(null, report(walk));
  await forget();
}

/** The gateway has heard, or wants it no more. */
async function forget() {
  await closeOurs();
  await chrome.storage.local.remove("walk");
  await ring(WALK_ALARM, OFTEN);
}

/**
 * Without a gateway that knows us there is nobody to read for. One that is not running may come back, and is asked again.
 * @param {unknown} error
 */
async function wait(error) {
  if (!(error instanceof Failure)) throw error;
  if (["unpaired", "stranger", "gone", "permission"].includes(error.kind)) await forget();
  else await ring(WALK_ALARM, OFTEN);
}

/**
 * Why this browser cannot read the lists of that account.
 * @param {string} account
 */
async function hindrance(account) {
  if (!(await chrome.permissions.contains({ origins: DOUBAN_ORIGINS }))) return "permission";
  const person = await accountLoggedIn();
  if (person === account) return null;
  return person ? "other_account" : "logged_out";
}

/**
 * While the person pages through a list with auto-sync on, a walk does not begin: their pages would be known before it
 * came to them, and a sync would take them for known of old.
 */
async function isPaging() {
  if (!(await settings()).autosync) return false;
  const tabs = await chrome.tabs.query({ active: true });
  return tabs.some(({ url }) => placeOf(url)?.type === "list");
}

/** @param {unknown} error @returns {null} */
function offline(error) {
  if (error instanceof Failure) return null;
  throw error;
}

/** Minutes to the next page. Never the same twice, as with a person. */
function pace() {
  return 0.5 + Math.random() / 2;
}

/** @param {Walk} walk */
function keep(walk) {
  return chrome.storage.local.set({ walk });
}
