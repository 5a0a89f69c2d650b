/**
 * The Douban log-in: read from the browser when it is sent, never kept here. What is kept is a
 * fingerprint, so that the same log-in is not sent twice to the same gateway.
 */
import { remember, settings } from "../lib/settings.js";
import { toHex, utf8 } from "../lib/seal.js";
import { loadPairing } from "./db.js";
import { callJson } from "./gateway.js";

const LOGIN = ["dbcl2", "ck"];

/**
 * Whether a change of a cookie may be a new log-in. A cookie that goes away is none.
 * @param {chrome.cookies.CookieChangeInfo} change
 */
export function isLogin({ cookie, removed }) {
  return !removed && /(^|\.)douban\.com$/.test(cookie.domain) && LOGIN.includes(cookie.name);
}

/** Whether somebody is logged in to Douban in this browser. */
export async function hasLogin() {
  return (await readCookies()).some(({ name }) => name === "dbcl2");
}

/** The id of who is. */
export async function accountLoggedIn() {
  const login = (await readCookies()).find(({ name }) => name === "dbcl2");
  return /^"?(\d+):/.exec(login?.value ?? "")?.[1] ?? null;
}

/** Sends the log-in if the gateway does not have it yet. Rejects with a Failure. */
export async function sendSession() {
  const cookies = await readCookies();
  const pairing = await loadPairing();
  if (!pairing || !cookies.some(({ name }) => name === "dbcl2")) return;
  const session = await fingerprint(pairing.kid, cookies);
  if ((await settings()).session === session) return;
  await callJson("/api/v1/session", { cookies: cookies.map(portable), user_agent: navigator.userAgent });
  await remember({ session });
}

function readCookies() {
  return chrome.cookies.getAll({ domain: "douban.com" });
}

/** @param {Uint8Array} kid @param {chrome.cookies.Cookie[]} cookies */
async function fingerprint(kid, cookies) {
  const login = cookies.filter(({ name }) => LOGIN.includes(name)).map(({ name, value }) => `${name}=${value}`);
  const parts = [toHex(kid), navigator.userAgent, ...login.sort()];
  const digest = await crypto.subtle.digest("SHA-256", utf8(parts.join("\n")));
  return toHex(new Uint8Array(digest));
}

/** @param {chrome.cookies.Cookie} cookie */
function portable({ name, value, domain, path, expirationDate, secure, httpOnly }) {
  const expires = expirationDate === undefined ? {} : { expires: Math.floor(expirationDate) };
  return { name, value, domain, path, ...expires, secure, http_only: httpOnly };
}
