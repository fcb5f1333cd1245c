// Says that something is under way, and lets no form go twice. The ring waits 150 ms, in CSS.

function free(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  if (form.dataset.sent) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  // Only a form that changes something is guarded; and its button stays enabled, or its name and
  // value would not be sent.
  if (form.method === "post" || form.matches("[hx-post], [hx-put], [hx-delete]")) form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-busy", "true");
}, true);

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  detail.target?.setAttribute("aria-busy", "true");
  if (detail.elt.matches("button")) detail.elt.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  detail.target?.removeAttribute("aria-busy");
  detail.elt.removeAttribute("aria-busy");
  if (detail.elt.matches("form")) free(detail.elt);
});
// Back from the browser's cache, or the browser refused the form: it may be sent again.
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(free));
document.addEventListener("htmx:validation:halted", (event) => free(event.target.closest("form") ?? event.target));
