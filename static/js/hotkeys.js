// Plain keys outside text fields: data-hotkey="r", sequences "g i", chords "Mod+Enter".
// <html data-keys="off"> leaves only the chords with Mod (WCAG 2.1.4).
import { announce } from "./announce.js";
import { isMac, keyOf, takesText } from "./keys.js";
import { choose } from "./theme.js";

const WAIT = 1500;
const root = document.documentElement;
let first = "";
let timer = 0;

function forget() {
  clearTimeout(timer);
  first = "";
}

function isUsable(element) {
  return !element.disabled && element.checkVisibility() && !element.closest("[inert]");
}

// Mod+Enter sends the form one is writing in, and no other.
function isForeign(element, origin) {
  const sends = element.type === "submit" && element.dataset.hotkey.startsWith("Mod+");
  return sends && !element.form?.contains(origin);
}

function candidates(origin) {
  // In an open dialog only the dialog's keys live.
  const modal = document.querySelector("dialog:modal");
  const found = [...(modal ?? document).querySelectorAll("[data-hotkey]")];
  return found.filter((element) => isUsable(element) && !isForeign(element, origin));
}

function act(element, event) {
  event.preventDefault();
  forget();
  if (element.matches("input:not([type=checkbox], [type=radio]), textarea, select")) element.focus();
  else element.click();
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented) return;
  const key = keyOf(event);
  if (!key) return;
  const chord = key.startsWith("Mod+");
  if (!chord && (takesText(event.target) || root.dataset.keys === "off")) return forget();
  if (key === "?") return help(event);
  const here = candidates(event.target);
  const wanted = first ? `${first} ${key}` : key;
  const match = here.find((e) => e.dataset.hotkey === wanted);
  if (match) return act(match, event);
  forget();
  if (here.some((e) => e.dataset.hotkey.startsWith(`${key} `))) {
    first = key;
    timer = setTimeout(forget, WAIT);
    announce(`${key} …`);
  }
});

function help(event) {
  const dialog = document.getElementById("key-help");
  if (!dialog || dialog.open) return;
  event.preventDefault();
  const list = dialog.querySelector("[data-keylist]");
  list.replaceChildren(...[...entries()].flatMap(([keys, label]) => row(keys, label)), ...extras(dialog));
  dialog.querySelector("[data-keys-switch]").checked = root.dataset.keys !== "off";
  dialog.showModal();
}

// Keys of behaviours, such as lists: said when the page has one.
function extras(dialog) {
  return [...dialog.querySelectorAll("template[data-keys-of]")]
    .filter((extra) => document.querySelector(extra.dataset.keysOf))
    .map((extra) => extra.content.cloneNode(true));
}

function entries() {
  const found = new Map();
  for (const element of document.querySelectorAll("[data-hotkey]")) {
    const keys = element.dataset.hotkey;
    const label = element.dataset.hotkeyLabel ?? element.getAttribute("aria-label") ?? wordsOf(element);
    if (!found.has(keys)) found.set(keys, label);
  }
  return found;
}

function wordsOf(element) {
  const copy = element.cloneNode(true);
  for (const extra of copy.querySelectorAll("kbd, .nav__count, svg")) extra.remove();
  return copy.textContent.trim() || element.title;
}

function row(keys, label) {
  const term = document.createElement("dt");
  for (const key of keys.split(" ")) {
    const cap = document.createElement("kbd");
    cap.className = "kbd";
    cap.textContent = key.replace("Mod", isMac ? "⌘" : "Ctrl").replace("Enter", "↵");
    term.append(cap, " ");
  }
  const words = document.createElement("dd");
  words.textContent = label;
  return [term, words];
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-keys-open]")) help(event);
});
document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-keys-switch]")) choose("keys", target.checked ? "" : "off");
});

// Readers learn the keys by the attribute made for it, which knows chords but no sequences.
function mark(part) {
  for (const element of part.querySelectorAll("[data-hotkey]")) {
    const keys = element.dataset.hotkey;
    if (!keys.includes(" ")) element.setAttribute("aria-keyshortcuts", keys.replace("Mod", "Control"));
  }
}
document.addEventListener("htmx:load", ({ detail }) => mark(detail.elt));
mark(document);
