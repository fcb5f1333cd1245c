// Toasts: said aloud once, never focused, gone after ten seconds unless somebody is on them.
import { alarm, announce } from "./announce.js";

const STAYS = 10_000;
const stack = document.querySelector("[data-toasts]");

/** Show one; `tone` is a message level: info, success, warning, error. */
export function toast(text, tone = "info") {
  const blank = document.getElementById("toast-blank");
  if (!blank || !stack) return;
  const element = blank.content.querySelector("[data-toast]").cloneNode(true);
  element.classList.replace("toast--info", `toast--${tone}`);
  element.querySelector(".toast__text").textContent = text;
  stack.append(element);
}

function greet(element) {
  const text = element.querySelector(".toast__text").textContent.trim();
  const isError = element.classList.contains("toast--error");
  (isError ? alarm : announce)(text);
  // An error stays until it is dismissed.
  if (!isError) setTimeout(() => leave(element), STAYS);
}

function leave(element) {
  if (element.matches(":hover, :focus-within")) setTimeout(() => leave(element), 2000);
  else element.remove();
}

document.addEventListener("click", (event) => {
  event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove();
});

if (stack) {
  for (const element of stack.querySelectorAll("[data-toast]")) greet(element);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes) if (node.matches?.("[data-toast]")) greet(node);
  }).observe(stack, { childList: true });
}
