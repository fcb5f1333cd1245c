// Re-labels each minute what the server wrote: <time data-ago> and <time data-due>.
// Words come from the server, so that they are translated there.

import { announce } from "./announce.js";

const units = (document.documentElement.dataset.units ?? "{n}d {n}h {n}m").split(" ");
const WEEK = 7 * 1440;

/** A length in its two largest units; the same rule as `span` on the server. */
export function span(minutes) {
  const numbers = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  const start = numbers.findIndex(Boolean);
  if (start < 0) return units[2].replace("{n}", 0);
  const parts = numbers.map((n, i) => (n ? units[i].replace("{n}", n) : ""));
  return parts.slice(start, start + 2).filter(Boolean).join(" ");
}

const minutesFrom = (a, b) => Math.trunc((b - a) / 60_000);

function ago(element, now) {
  const minutes = minutesFrom(new Date(element.dateTime), now);
  // Under a minute and over a week the server's word stays good for as long as it is read.
  if (minutes >= 1 && minutes < WEEK) element.textContent = span(minutes).split(" ")[0];
}

function due(element, now) {
  const at = new Date(element.dateTime);
  const state = now >= at ? "late" : now >= new Date(element.dataset.turns) ? "soon" : "running";
  const words = element.dataset[state === "late" ? "late" : "due"];
  element.querySelector("[data-words-left]").textContent = words.replace("{left}", span(Math.abs(minutesFrom(now, at))));
  const clock = element.closest("[data-clock]");
  if (clock.dataset.state !== state && "announced" in clock.dataset) announce(clock.textContent.trim());
  clock.dataset.state = state;
}

function tick() {
  const now = new Date();
  for (const element of document.querySelectorAll("time[data-ago]")) ago(element, now);
  for (const element of document.querySelectorAll("time[data-due]")) due(element, now);
}
setInterval(tick, 60_000);
document.addEventListener("visibilitychange", () => document.hidden || tick());
