// One stream a page: what happens elsewhere becomes a bar to press. Nothing moves under the hand.
import { announce } from "./announce.js";

const url = document.querySelector("meta[name=live]")?.content;
const changed = new Set();
let source = null;

const bar = (what) => document.querySelector(`[data-live=${what}]`);

function show(element, words) {
  element.querySelector("[data-live-words]").textContent = words;
  if (element.hidden) announce(words);
  element.hidden = false;
}

function onTicket({ id, version, mine }) {
  const open = document.querySelector("[data-ticket]");
  if (open && Number(open.dataset.ticket) === id) {
    const element = bar("ticket");
    const isNews = !mine || version > Number(open.dataset.version);
    if (element && isNews) show(element, element.querySelector("[data-live-words]").textContent.trim());
  }
  const list = bar("list");
  if (!list || mine) return;
  changed.add(id);
  const { one, many } = list.querySelector("[data-live-show]").dataset;
  show(list, changed.size === 1 ? one : many.replace("{n}", changed.size));
}

function listen() {
  if (!url || source) return;
  source = new EventSource(url, { withCredentials: true });
  source.addEventListener("ticket", ({ data }) => onTicket(JSON.parse(data)));
  source.addEventListener("close", hush);
}

function hush() {
  source?.close();
  source = null;
}

// A page kept for "back" must not hold one of the few connections a browser has.
addEventListener("pagehide", hush);
addEventListener("pageshow", ({ persisted }) => persisted && listen());
listen();
