// Reads a key press as the word templates use: "r", "?", "Mod+Enter", "Shift+j". Pure.

/** Whether Mod is the command key. */
export const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const NAMES = { " ": "Space" };

/** The word for a key press, or "" when it is none of ours (input method, AltGr, Alt). */
export function keyOf(event) {
  if (event.isComposing || event.keyCode === 229 || event.altKey) return "";
  if (event.getModifierState("AltGraph")) return "";
  if (["Shift", "Control", "Meta", "Alt"].includes(event.key)) return "";
  const mod = isMac ? event.metaKey : event.ctrlKey;
  if ((isMac ? event.ctrlKey : event.metaKey) && !mod) return "";
  const name = latin(event);
  // The shift of "?" is part of the character; that of a letter or a named key is meant.
  const shift = event.shiftKey && (name.length > 1 || /[a-z]/i.test(name));
  return [mod && "Mod", shift && "Shift", name.length === 1 ? name.toLowerCase() : name]
    .filter(Boolean)
    .join("+");
}

// On a Cyrillic or Greek layout, the letter printed at the same place of a Latin one.
function latin({ key, code }) {
  if (key.length === 1 && /[^\x00-\x7f]/.test(key) && code.startsWith("Key")) return code.slice(3);
  return NAMES[key] ?? key;
}

/** Whether the element takes typed text, so that plain keys belong to it. */
export function takesText(element) {
  if (!(element instanceof HTMLElement)) return false;
  if (element.isContentEditable || element.matches("textarea, select")) return true;
  const dumb = ["checkbox", "radio", "button", "submit", "reset", "file", "range", "color"];
  return element.matches("input") && !dumb.includes(element.type);
}
