// What a page of another site can try on an address, without being asked. Resolves to how often it tried what, and to what got through.
async (targets) => {
  const through = [], tried = {};
  const wait = 10000;
  const heard = (way, make) => {
    tried[way] = (tried[way] || 0) + 1;
    return Promise.race([new Promise(make), new Promise((done) => setTimeout(done, wait, ""))]);
  };
  const seen = (what) => (value) => value && through.push(`${what}: ${value}`);
  const asks = [
    {}, { credentials: "include" }, { mode: "no-cors", credentials: "include" },
    { method: "POST", mode: "no-cors", credentials: "include", body: "{}" },
    { method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams({ a: "b" }) },
    { method: "POST", credentials: "include", body: "{}" },
    { method: "POST", credentials: "include", body: "{}", headers: { "Content-Type": "application/json" } },
    { method: "PUT", credentials: "include", body: "{}" }, { method: "DELETE", credentials: "include" },
  ];
  const ask = (url, how) => heard("fetch", (done) => {
    fetch(url, how)
      .then(async (reply) => (reply.type === "opaque" ? "" : `${reply.status} ${(await reply.text()).slice(0, 80)}`))
      .catch(() => "").then(done);
  }).then(seen(`fetch ${JSON.stringify(how)} ${url}`));
  const load = (kind, url) => heard(kind, (done) => {
    const element = document.createElement(kind);
    element.onload = () => done("loaded");
    element.onerror = () => done("");
    element[kind === "link" ? "href" : "src"] = url;
    if (kind === "link") element.rel = "stylesheet";
    document.body.append(element);
  }).then(seen(`${kind} ${url}`));
  const frame = (url) => heard("frame", (done) => {
    const element = document.createElement("iframe");
    element.onload = () => done("");
    element.src = url;
    document.body.append(element);
  });
  const post = (url, number) => heard("form", (done) => {
    const target = document.createElement("iframe");
    target.name = `target-${number}`;
    document.body.append(target);
    const form = document.createElement("form");
    Object.assign(form, { action: url, method: "post", target: target.name, enctype: "text/plain" });
    document.body.append(form);
    target.onload = () => done("");
    form.submit();
  });
  const stream = (url) => heard("EventSource", (done) => {
    const source = new EventSource(url, { withCredentials: true });
    source.onopen = source.onmessage = () => done("opened");
    source.onerror = () => { source.close(); done(""); };
  }).then(seen(`EventSource ${url}`));
  const socket = (url) => heard("WebSocket", (done) => {
    const one = new WebSocket(url.replace("http", "ws"));
    one.onopen = () => done("opened");
    one.onerror = () => done("");
  }).then(seen(`WebSocket ${url}`));
  const all = (url, number) => Promise.all([
      ...asks.map((how) => ask(url, how)),
      ...["img", "script", "link"].map((kind) => load(kind, url)),
      frame(url), post(url, number),
      // a browser makes a page wait after each of these that failed: only where there is something to hear
      ...(url.includes("/events") ? [stream(url), socket(url)] : []),
  ]);
  for (let at = 0; at < targets.length; at += 24) await Promise.all(targets.slice(at, at + 24).map((url, of) => all(url, at + of)));
  return { tried, through };
}
