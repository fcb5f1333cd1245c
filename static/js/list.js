// A list whose rows are links: one stop for Tab, j/k/arrows/Home/End move real focus, x selects.
//   <ul data-list><li data-row><input type=checkbox data-row-check><a data-row-link>…
import { keyOf, takesText } from "./keys.js";

const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, "Shift+j": 1, "Shift+k": -1 };
const linksOf = (list) => [...list.querySelectorAll("[data-row-link]")];
const isOff = () => document.documentElement.dataset.keys === "off";

function rove(list, chosen) {
  for (const link of linksOf(list)) link.tabIndex = link === chosen ? 0 : -1;
}

function prepare(root) {
  for (const list of root.querySelectorAll("[data-list]")) {
    const links = linksOf(list);
    const current = links.find((l) => l === document.activeElement || l.getAttribute("aria-current"));
    rove(list, current ?? links[0]);
  }
}

function destination(links, from, key) {
  if (key === "Home") return links[0];
  if (key === "End") return links.at(-1);
  if (!(key in STEPS)) return null;
  if (from < 0) return links.find((link) => link.tabIndex === 0);
  return links[Math.min(links.length - 1, Math.max(0, from + STEPS[key]))];
}

function select(row, value) {
  const box = row?.querySelector("[data-row-check]");
  if (!box || box.checked === value) return;
  box.checked = value ?? !box.checked;
  box.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || takesText(event.target) || document.querySelector("dialog:modal")) return;
  const key = keyOf(event);
  if (isOff() && key.length === 1) return;
  const row = event.target.closest("[data-row]");
  // A key from outside enters the first list of the page; arrows there still scroll.
  const list = row?.closest("[data-list]") ?? (["j", "k"].includes(key) && document.querySelector("[data-list]"));
  if (!list) return;
  const links = linksOf(list);
  const to = destination(links, links.findIndex((link) => row?.contains(link)), key);
  if (to) {
    if (key.startsWith("Shift+")) [row, to.closest("[data-row]")].forEach((each) => select(each, true));
    rove(list, to);
    to.focus();
    to.scrollIntoView({ block: "nearest" });
  } else if (key === "x" && row) select(row);
  else if (key === "o" && row) row.querySelector("[data-row-link]").click();
  else return;
  event.preventDefault();
});

document.addEventListener("focusin", ({ target }) => {
  const list = target.matches("[data-row-link]") && target.closest("[data-list]");
  if (list) rove(list, target);
});
document.addEventListener("htmx:afterSettle", () => prepare(document));
prepare(document);
