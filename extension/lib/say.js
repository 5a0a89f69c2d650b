/**
 * What happened, in words: every outcome as a title, a sentence of what it means or what to do, and
 * the way on. `tone` is how it feels: busy, good, calm, warn (the person may act), bad (must act).
 *
 * @typedef {import("./ask.js").Trouble} Trouble
 * @typedef {import("./ask.js").Push} Push
 * @typedef {{ text: string, href: string }} Link
 * @typedef {"busy" | "good" | "calm" | "warn" | "bad"} Tone
 * @typedef {{ tone: Tone, title: string, detail: string, link?: Link | null }} Saying
 */
import { isTooOften } from "./ask.js";
import { count, pick, t } from "./words.js";

const OPTIONS = "/options/options.html";
const MY_DOUBAN = "https://www.douban.com/mine/";
const LOG_IN = "https://accounts.douban.com/passport/login";

/** @type {Record<import("./judge.js").Refusal, [Tone, string, string, string?, string?]>} */
const REFUSED = {
  elsewhere: ["calm", "refused_elsewhere", "refused_elsewhere_do", "link_douban", MY_DOUBAN],
  permission: ["bad", "refused_permission", "refused_permission_do", "link_options", OPTIONS],
  unreadable: ["warn", "refused_unreadable", "refused_unreadable_do"],
  blocked: ["warn", "refused_blocked", "refused_blocked_do"],
  login_page: ["warn", "refused_login_page", "refused_login_page_do"],
  gone: ["calm", "refused_gone", "refused_gone_do"],
  no_marks: ["calm", "refused_no_marks", "refused_no_marks_do", "link_douban", MY_DOUBAN],
  empty: ["warn", "refused_empty", "refused_empty_do"],
  logged_out: ["warn", "refused_logged_out", "refused_logged_out_do", "link_login", LOG_IN],
  loading: ["warn", "refused_loading", "refused_loading_do"],
  unmarked: ["calm", "refused_unmarked", "refused_unmarked_do"],
  foreign: ["calm", "refused_foreign", "refused_foreign_do", "link_douban", MY_DOUBAN],
  too_large: ["warn", "refused_too_large", "refused_too_large_do"],
};

/** @type {Record<Trouble["kind"], [string, string, string?]>}  What it is, what to do, the way to do it. */
const TROUBLE = {
  unpaired: ["trouble_unpaired", "trouble_unpaired_do", "link_pair"],
  doubted: ["trouble_doubted", "trouble_doubted_do", "link_options"],
  permission: ["trouble_permission", "trouble_permission_do", "link_options"],
  offline: ["trouble_offline", "trouble_offline_do"],
  timeout: ["trouble_timeout", "trouble_timeout_do"],
  foreign: ["trouble_foreign", "trouble_foreign_do", "link_options"],
  stranger: ["trouble_stranger", "trouble_stranger_do", "link_options"],
  gone: ["trouble_gone", "trouble_gone_do", "link_pair"],
  problem: ["trouble_problem", "trouble_problem_do"],
  push: ["trouble_push", "trouble_push_do"],
  internal: ["trouble_internal", "trouble_internal_do"],
};

/** @param {Trouble} trouble @returns {Saying} */
export function sayTrouble(trouble) {
  const { kind, port, problem } = trouble;
  const [title, detail, way] = TROUBLE[kind];
  return {
    tone: ["offline", "timeout", "gone"].includes(kind) || isTooOften(trouble) ? "warn" : "bad",
    title: t(title, port ?? ""),
    detail: problem ? pick(problem.hint) : t(detail, port ?? ""),
    link: way ? { text: t(way), href: OPTIONS } : null,
  };
}

/** @param {import("./ask.js").Outcome} outcome @returns {Saying} */
export function sayOutcome(outcome) {
  if (outcome.kind === "done") return sayAnswer(outcome.answer);
  if (outcome.kind === "refused") {
    const [tone, title, detail, text, href] = REFUSED[outcome.reason];
    return { tone, title: t(title), detail: t(detail), link: text && href ? { text: t(text), href } : null };
  }
  const { title, detail, link } = sayTrouble(outcome.trouble);
  if (outcome.trouble.kind === "gone") return { tone: "warn", title, detail, link };
  const isKept = outcome.kind === "waiting";
  return { tone: isKept ? "warn" : "bad", title: t(isKept ? "answer_waiting" : "answer_rejected"), detail, link };
}

/** @param {import("./ask.js").Answer} answer @returns {Saying} */
function sayAnswer({ verdict, reason, marks, new: fresh, changed, problems }) {
  if (verdict !== "ok") {
    return { tone: "warn", title: t("answer_unread"), detail: reason ? pick(reason) : t("answer_unread_do") };
  }
  const detail = problems ? count(problems, "answer_problems_one", "answer_problems_many") : "";
  const tone = problems ? "warn" : "good";
  if (marks === 0) return { tone: problems ? "warn" : "calm", title: t("answer_no_marks"), detail };
  const number = count(marks, "answer_marks_one", "answer_marks_many");
  const news = [fresh && t("answer_new", fresh), changed && t("answer_changed", changed)].filter(Boolean);
  const title = news.length ? t("answer_news", number, news.join(t("list_comma"))) : t("answer_same", number);
  return { tone, title, detail };
}

/**
 * How the marks of a capture fare on their way to Feishu.
 * @param {Push} push
 * @param {{ pending: number, failed: number }} capture
 * @param {boolean} isNews  Something was new or changed.
 * @param {string} dashboard
 * @returns {Saying}
 */
export function sayPush(push, { pending, failed }, isNews, dashboard) {
  const table = push.table ? { text: t("link_table"), href: push.table } : null;
  const help = { text: t("link_dashboard"), href: dashboard };
  if (push.state === "unset") return { tone: "warn", title: t("push_unset"), detail: "", link: help };
  if (push.problem && (pending || failed || push.state === "error")) {
    return { tone: "bad", title: t("push_problem"), detail: pick(push.problem), link: help };
  }
  if (pending) return { tone: "busy", title: count(pending, "push_pending_one", "push_pending_many"), detail: "" };
  if (failed) {
    return { tone: "bad", title: count(failed, "push_failed_one", "push_failed_many"), detail: "", link: help };
  }
  return { tone: "good", title: t(isNews ? "push_done" : "push_nothing"), detail: "", link: table };
}

/** @param {import("./ask.js").StateReply} reply @returns {Saying} */
export function sayGateway(reply) {
  if (!reply.ok) return sayTrouble(reply.trouble);
  const { push, dashboard } = reply.state;
  const link = { text: t("link_dashboard"), href: dashboard };
  if (push.state === "unset") return { tone: "warn", title: t("gateway_unset"), detail: "", link };
  if (push.state === "error") return { tone: "bad", title: t("trouble_push"), detail: "", link };
  return { tone: "good", title: t("gateway_ready"), detail: "", link };
}
