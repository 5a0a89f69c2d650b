/**
 * The service worker: listeners only. They are all registered here, at once, because the browser stops
 * and starts this script as it likes and wakes it only for listeners it knows.
 */
import { captureQuietly } from "./capture.js";
import { run } from "./courier.js";
import { answer } from "./desk.js";
import { isLogin } from "./session.js";

chrome.runtime.onInstalled.addListener(run);
chrome.runtime.onStartup.addListener(run);
chrome.runtime.onMessage.addListener(answer);
chrome.alarms.onAlarm.addListener(run);

chrome.tabs.onUpdated.addListener((tabId, { status }, { url }) => {
  if (status === "complete") void captureQuietly(tabId, url);
});

chrome.cookies.onChanged.addListener((change) => {
  if (isLogin(change)) void run();
});
