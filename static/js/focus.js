// Where focus goes after a swap. In this order: the error summary that came in; what the trigger
// names in data-focus-after; what the answer marks with data-focus; if focus fell to the page,
// the trigger's successor by id, or the first heading of the new part.

const inside = (root, selector) => (root.matches?.(selector) ? root : root.querySelector?.(selector));

/** Focus an element that may not be focusable by itself, such as a heading. */
export function focusOn(element) {
  if (!element) return false;
  if (!element.matches("a[href], button, input, select, textarea, summary, [tabindex]")) {
    element.tabIndex = -1;
  }
  element.focus();
  return document.activeElement === element;
}

function settle({ detail, target: settled }) {
  // A part that was replaced whole lives on under its id, or is what has just settled.
  const { target: old } = detail;
  const target = old.isConnected ? old : (document.getElementById(old.id) ?? settled);
  const trigger = detail.requestConfig?.elt;
  const named = trigger?.closest?.("[data-focus-after]")?.dataset.focusAfter;
  const lost = !document.activeElement || document.activeElement === document.body;
  const ways = [
    () => inside(target, "[data-error-summary]"),
    () => named && document.querySelector(named),
    () => inside(target, "[data-focus]"),
    () => lost && trigger?.id && document.getElementById(trigger.id),
    () => lost && (inside(target, "h1, h2, h3") ?? document.getElementById("main")),
  ];
  for (const way of ways) if (focusOn(way())) return;
}

document.addEventListener("htmx:afterSettle", settle);
focusOn(document.querySelector("[data-error-summary]"));
