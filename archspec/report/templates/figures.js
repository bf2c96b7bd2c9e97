"use strict";
(() => {
  const root = document.documentElement;
  let drawn = JSON.parse(document.getElementById("drawn")?.textContent || "{}");
  const settings = { displayModeBar: false, responsive: true };
  const themes = ["auto", "light", "dark"];
  const PAPER = 640; // pixels: what fits between the margins of a printed page

  // "@c0" is the style sheet's --c0, "@c0/0.2" the same with a fifth of its strength.
  const colour = (name) => {
    const [token, share] = name.slice(1).split("/");
    const value = getComputedStyle(root).getPropertyValue("--" + token).trim();
    if (!share) return value;
    const hex = value.length === 4 ? value.replace(/[0-9a-f]/gi, "$&$&") : value;
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
    return `rgba(${r},${g},${b},${share})`;
  };
  const TOKEN = /^@(?:paper|page|raised|ink|muted|line|accent|up|down|c\d)(?:\/[\d.]+)?$/;
  const themed = (value) => {
    if (typeof value === "string") return TOKEN.test(value) ? colour(value) : value;
    if (Array.isArray(value)) return value.map(themed);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, themed(inner)]));
    }
    return value;
  };
  const draw = (width) => {
    for (const [id, figure] of Object.entries(drawn)) {
      const { data, layout } = themed(figure);
      Plotly.react(id, data, width ? { ...layout, width } : { ...layout, autosize: true }, settings);
    }
  };

  globalThis.redraw = (fresh) => {
    drawn = fresh;
    draw();
  };

  const kept = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const keep = (name) => { try { localStorage.setItem("theme", name); } catch { /* a page from disk may not */ } };
  const button = document.getElementById("theme");
  const show = (name) => {
    button.textContent = name;
    if (name === "auto") delete root.dataset.theme;
    else root.dataset.theme = name;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = themes[(themes.indexOf(button.textContent) + 1) % themes.length];
    show(next);
    keep(next);
    draw();
  });
  show(themes.includes(kept()) ? kept() : "auto");
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());

  let before = "auto";
  addEventListener("beforeprint", () => {
    before = button.textContent;
    show("light");
    draw(PAPER);
  });
  addEventListener("afterprint", () => {
    show(before);
    draw();
  });

  for (const copier of document.querySelectorAll(".copier")) {
    if (!navigator.clipboard) continue;
    copier.hidden = false;
    copier.addEventListener("click", async () => {
      await navigator.clipboard.writeText(copier.parentElement.querySelector("pre").textContent);
      copier.textContent = "Copied";
      setTimeout(() => { copier.textContent = "Copy"; }, 1500);
    });
  }
})();
