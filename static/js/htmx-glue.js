// What htmx must know about our answers.
import { toast } from "./toast.js";

// Refusals whose body is worth showing: sign in again, no right, moved on, not valid.
const SHOWN = new Set([401, 403, 409, 422]);
const words = document.querySelector("[data-words]")?.dataset ?? {};

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!SHOWN.has(detail.xhr.status)) return;
  detail.shouldSwap = true;
  detail.isError = false;
});
document.addEventListener("htmx:responseError", () => toast(words.failed, "error"));
document.addEventListener("htmx:sendError", () => toast(words.offline, "error"));
document.addEventListener("htmx:timeout", () => toast(words.offline, "error"));

// The place in the navigation follows the address.
function markCurrent() {
  for (const link of document.querySelectorAll(".nav a[href], .bottombar a[href]")) {
    const url = new URL(link.href);
    const isHere = url.pathname === location.pathname && url.search === location.search && !url.hash;
    if (isHere) link.setAttribute("aria-current", "page");
    else if (!url.hash) link.removeAttribute("aria-current");
  }
}
document.addEventListener("htmx:pushedIntoHistory", markCurrent);
