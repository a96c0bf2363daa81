/**
 * What the page can do: move, zoom, search, show one version. Its hash is in the page's own security policy, so it holds nothing that comes from a
 * repository; what it shows it reads from the drawing, as text.
 */
export const pageScript = `
"use strict";
(() => {
  const svg = document.getElementById("graph");
  if (!svg) return;
  const view = document.getElementById("view"), search = document.getElementById("search");
  const found = document.getElementById("found"), about = document.getElementById("about");
  const versions = [...svg.querySelectorAll(".version")], links = [...svg.querySelectorAll(".link")];
  const width = Number(svg.dataset.width), height = Number(svg.dataset.height);
  let x = 0, y = 0, scale = 1, hits = [], at = -1, drag;

  const draw = () => view.setAttribute("transform", "translate(" + x + " " + y + ") scale(" + scale + ")");
  const zoom = (factor, cx, cy) => {
    const next = Math.min(4, Math.max(0.02, scale * factor));
    x = cx - (cx - x) * next / scale; y = cy - (cy - y) * next / scale; scale = next; draw();
  };
  const middle = () => { const box = svg.getBoundingClientRect(); return [box.width / 2, box.height / 2]; };
  const fit = () => {
    const box = svg.getBoundingClientRect();
    scale = Math.min(1.2, box.width / width, box.height / height) || 1;
    x = (box.width - width * scale) / 2; y = (box.height - height * scale) / 2; draw();
  };
  const center = (node) => {
    const [cx, cy] = middle();
    scale = Math.max(scale, 0.8);
    x = cx - Number(node.dataset.x) * scale; y = cy - Number(node.dataset.y) * scale; draw();
  };
  const choose = (node) => {
    const id = node && node.dataset.id;
    const near = new Set();
    for (const link of links) {
      const on = id !== undefined && node && (link.dataset.from === id || link.dataset.to === id);
      link.classList.toggle("near", Boolean(on));
      if (on) near.add(link.dataset.from).add(link.dataset.to);
    }
    for (const one of versions) {
      one.classList.toggle("chosen", one === node);
      one.classList.toggle("near", near.has(one.dataset.id));
    }
    svg.classList.toggle("choosing", Boolean(node));
    about.hidden = !node;
    about.querySelector("pre").textContent = node ? node.querySelector("title").textContent : "";
  };
  const look = () => {
    const word = search.value.trim().toLowerCase();
    hits = word === "" ? [] : versions.filter((one) => one.querySelector("title").textContent.toLowerCase().includes(word));
    at = -1;
    for (const one of versions) one.classList.toggle("hit", hits.includes(one));
    svg.classList.toggle("searching", word !== "");
    found.textContent = word === "" ? "" : hits.length + " found";
  };

  svg.removeAttribute("viewBox");
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = svg.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.002)), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  svg.addEventListener("pointerdown", (event) => {
    if (event.button === 0) drag = { id: event.pointerId, x: event.clientX - x, y: event.clientY - y, moved: false, at: event };
  });
  svg.addEventListener("pointermove", (event) => {
    if (!drag || drag.id !== event.pointerId) return;
    if (!drag.moved && Math.hypot(event.clientX - drag.at.clientX, event.clientY - drag.at.clientY) < 4) return;
    if (!drag.moved) { drag.moved = true; svg.setPointerCapture(event.pointerId); svg.classList.add("moving"); }
    x = event.clientX - drag.x; y = event.clientY - drag.y; draw();
  });
  const drop = (event) => {
    if (!drag || drag.id !== event.pointerId) return;
    if (!drag.moved && event.type === "pointerup") choose(event.target.closest(".version"));
    drag = undefined; svg.classList.remove("moving");
  };
  svg.addEventListener("pointerup", drop);
  svg.addEventListener("pointercancel", drop);
  svg.addEventListener("keydown", (event) => {
    const node = event.target.closest(".version");
    if (node && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); choose(node); }
  });
  search.addEventListener("input", look);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || hits.length === 0) return;
    at = (at + (event.shiftKey ? hits.length - 1 : 1)) % hits.length;
    if (at < 0) at = hits.length - 1;
    center(hits[at]); choose(hits[at]);
    found.textContent = at + 1 + " of " + hits.length;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { search.value = ""; look(); choose(undefined); }
    if (event.target === search || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") { event.preventDefault(); search.focus(); }
    if (event.key === "+") zoom(1.25, ...middle());
    if (event.key === "-") zoom(0.8, ...middle());
    if (event.key === "0") fit();
  });
  document.getElementById("in").addEventListener("click", () => zoom(1.25, ...middle()));
  document.getElementById("out").addEventListener("click", () => zoom(0.8, ...middle()));
  document.getElementById("fit").addEventListener("click", fit);
  document.getElementById("close").addEventListener("click", () => choose(undefined));

  const follow = () => {
    let tag = "";
    try { tag = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    if (tag.startsWith("?")) { search.value = tag.slice(1); look(); return; }
    const node = tag === "" ? undefined : versions.find((one) => one.dataset.tag === tag);
    if (node) { center(node); choose(node); }
  };
  window.addEventListener("hashchange", follow);
  window.addEventListener("resize", () => draw());
  fit();
  follow();
  document.documentElement.dataset.ready = "yes";
})();
`;
