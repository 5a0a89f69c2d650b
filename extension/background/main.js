/**
 * The service worker: listeners only. They are all registered here, at once, because the browser stops
 * and starts this script as it likes and wakes it only for listeners it knows.
 */
import { captureQuietly } from "./capture.js";
import { run } from "./courier.js";
import { answer } from "./desk.js";
import { offer, take } from "./handover.js";
import { isLogin } from "./session.js";
import { tick, wake, WALK_ALARM } from "./walk.js";

chrome.runtime.onInstalled.addListener(start);
chrome.runtime.onStartup.addListener(start);
chrome.runtime.onMessage.addListener(answer);
chrome.runtime.onMessage.addListener(take);
chrome.alarms.onAlarm.addListener((alarm) => void (alarm.name === WALK_ALARM ? tick(alarm) : run()));

chrome.tabs.onUpdated.addListener((tabId, { status }, { url }) => {
  if (status !== "complete") return;
  void captureQuietly(tabId, url);
  void offer(tabId);
});

chrome.cookies.onChanged.addListener((change) => {
  if (isLogin(change)) void run();
});

chrome.storage.onChanged.addListener(({ asks }) => {
  if (asks && asks.newValue !== (asks.oldValue ?? false)) void wake();
});

function start() {
  void run();
  void wake();
}
