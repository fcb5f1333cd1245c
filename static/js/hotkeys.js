// Plain keys outside text fields: data-hotkey="r", sequences "g i", chords "Mod+Enter".
// <html data-keys="off"> leaves only the chords with Mod (WCAG 2.1.4).
import { announce } from "./announce.js";
import { keyOf, takesText } from "./keys.js";
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

function candidates(origin) {
  // In an open dialog only the dialog's keys live; in a form, the form's own chord comes first.
  const modal = document.querySelector("dialog:modal");
  const found = [...(modal ?? document).querySelectorAll("[data-hotkey]")].filter(isUsable);
  const form = origin.closest?.("form");
  return form ? found.sort((a, b) => form.contains(b) - form.contains(a)) : found;
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
  list.replaceChildren(...[...entries()].flatMap(([keys, label]) => row(keys, label)));
  dialog.querySelector("[data-keys-switch]").checked = root.dataset.keys !== "off";
  dialog.showModal();
}

function entries() {
  const found = new Map();
  for (const element of document.querySelectorAll("[data-hotkey], [data-hotkey-help]")) {
    const keys = element.dataset.hotkey ?? element.dataset.hotkeyHelp;
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
    cap.textContent = key;
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
