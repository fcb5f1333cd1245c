// Writes into the two live regions of page.html, which exist, empty, from the start.

const EVERY = 5000;
let waiting = [];
let lastAt = -EVERY;
let timer = 0;

/** Say it politely: at most one announcement each five seconds, what came between joined. */
export function announce(text) {
  if (!text || waiting.includes(text)) return;
  waiting.push(text);
  if (!timer) timer = setTimeout(flush, Math.max(100, lastAt + EVERY - performance.now()));
}

/** Say it at once: for errors only. */
export function alarm(text) {
  write("alert", text);
}

function flush() {
  write("status", waiting.join(". "));
  waiting = [];
  timer = 0;
  lastAt = performance.now();
}

function write(id, text) {
  const region = document.getElementById(id);
  if (!region) return;
  region.textContent = "";
  // The same words twice are news again only if the region was empty in between.
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}
