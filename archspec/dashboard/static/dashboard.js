"use strict";
(() => {
  const POLL = 5000; // milliseconds between two looks where there is no stream
  const live = document.getElementById("live");
  const parser = new DOMParser();
  const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

  // Times are written once and told again every few seconds.
  const tell = () => {
    for (const time of document.querySelectorAll("time[datetime]")) {
      const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
      const [unit, size] = UNITS.find(([, least]) => Math.abs(seconds) >= least) || UNITS[3];
      const said = Math.abs(seconds) > 86400 * 30 ? time.dateTime.slice(0, 10) : ago.format(Math.round(seconds / size), unit);
      if (time.textContent !== said) { time.title = new Date(time.dateTime).toLocaleString(); time.textContent = said; }
    }
    if (seen) live.textContent = stale ? `no connection since ${Math.round((Date.now() - seen) / 1000)} s` : "live";
    live.classList.toggle("stale", stale);
  };

  // The version of the store that this page was made from stands in its headers.
  const [own] = performance.getEntriesByType("navigation");
  let told = own?.serverTiming?.find((one) => one.name === "version")?.description ?? null;
  let seen = 0, stale = false, tag = null, looking = false, again = false;

  // What a reader has opened stays open, and what they type stays typed.
  const put = (mine, fresh) => {
    if (mine.isEqualNode(fresh)) return;
    const open = [...mine.querySelectorAll("details")].map((one) => one.open);
    const next = document.importNode(fresh, true);
    next.querySelectorAll("details").forEach((one, i) => { if (i < open.length) one.open = open[i]; });
    const key = document.activeElement && mine.contains(document.activeElement) && document.activeElement.dataset.row;
    const place = [...mine.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
    mine.replaceWith(next);
    next.querySelectorAll(".scroll").forEach((one, i) => { one.scrollLeft = place[i] || 0; });
    if (key) next.querySelector(`[data-row="${CSS.escape(key)}"]`)?.focus();
  };
  const parts = (page) => new Map([...page.querySelectorAll("[data-live]")].map((one) => [one.id, one]));
  const plots = (page) => [...page.querySelectorAll(".plot")].map((one) => one.id).join(" ");

  const renew = (text) => {
    const page = parser.parseFromString(text, "text/html");
    if (page.title !== document.title) { location.reload(); return; } // what was not here is, now
    const drawn = page.getElementById("drawn");
    if (plots(page) !== plots(document) || Boolean(drawn) !== Boolean(document.getElementById("drawn"))) {
      if (drawn && !globalThis.Plotly) { location.reload(); return; }
      document.getElementById("content").replaceWith(document.importNode(page.getElementById("content"), true));
    } else {
      const fresh = parts(page);
      for (const [id, mine] of parts(document)) if (fresh.has(id)) put(mine, fresh.get(id));
    }
    if (drawn) globalThis.redraw(JSON.parse(drawn.textContent));
    document.dispatchEvent(new CustomEvent("renewed"));
    tell();
  };
  const look = async () => {
    if (looking) { again = true; return; }
    looking = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-cache" });
      const text = await answer.text();
      const fresh = answer.headers.get("etag");
      if (answer.ok && fresh !== tag) { tag = fresh; renew(text); }
      stale = !answer.ok;
      if (answer.ok) seen = Date.now();
    } catch { stale = true; }
    looking = false;
    if (again) { again = false; look(); }
    tell();
  };

  // One stream a page, and none for a page that nobody sees: browsers allow six connections to a host.
  let stream = null, timer = null;
  const close = () => { stream?.close(); stream = null; clearInterval(timer); timer = null; };
  const open = () => {
    close();
    stream = new EventSource("/live");
    stream.onmessage = (event) => {
      stale = false;
      seen = Date.now();
      clearInterval(timer); timer = null;
      if (event.data !== told) look();
      told = event.data;
      tell();
    };
    stream.onerror = () => {
      stale = true;
      tell();
      if (stream?.readyState === EventSource.CLOSED && !timer) timer = setInterval(look, POLL);
    };
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  if (!document.hidden) open();
  setInterval(tell, 5000);
  tell();

  // A choice is a part of the address; what is not chosen is left out of it.
  const choose = (form) => {
    const said = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    location.search = said.toString();
  };
  document.addEventListener("change", (event) => { if (event.target.form?.matches(".choices")) choose(event.target.form); });
  document.addEventListener("submit", (event) => {
    if (event.target.matches(".choices")) { event.preventDefault(); choose(event.target); }
  });

  // Looking for rows: kept in the address too, without asking the server.
  const sift = () => {
    const field = document.querySelector("input[data-sift]");
    if (!field) return;
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of document.querySelectorAll("[data-row]")) {
      const text = row.closest("tr, li").textContent.toLowerCase();
      row.closest("tr, li").hidden = !words.every((word) => text.includes(word));
    }
  };
  document.addEventListener("input", (event) => {
    if (!event.target.matches("input[data-sift]")) return;
    const address = new URL(location.href);
    if (event.target.value) address.searchParams.set("q", event.target.value); else address.searchParams.delete("q");
    history.replaceState(null, "", address);
    sift();
  });
  document.addEventListener("renewed", sift);
  sift();

  const help = document.getElementById("help");
  document.getElementById("keys")?.addEventListener("click", () => help.showModal());
  const step = (by) => {
    const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility());
    if (!rows.length) return;
    const at = rows.indexOf(document.activeElement);
    rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))].focus();
  };
  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    t: () => document.getElementById("theme").click(),
    "/": () => document.querySelector("input[data-sift]")?.focus(),
    "?": () => help.showModal(),
    0: () => { location.href = "/"; },
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea") || help.open) return;
    const link = /^[1-9]$/.test(event.key) && document.querySelectorAll(".pages a")[Number(event.key) - 1];
    if (link) link.click();
    else if (Object.hasOwn(KEYS, event.key)) { event.preventDefault(); KEYS[event.key](); }
  });
})();
