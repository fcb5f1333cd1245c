// Keeps theme and other looks in cookies, so that the server sends the page as chosen: no flash.

const YEAR = 365 * 24 * 3600;

/** Set or, with an empty value, remove one choice on <html> and in its cookie. */
export function choose(name, value) {
  const root = document.documentElement;
  if (value) root.dataset[name] = value;
  else delete root.dataset[name];
  const age = value ? YEAR : 0;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${name}=${value}; path=/; max-age=${age}; samesite=lax${secure}`;
}

function prepare(root) {
  for (const group of root.querySelectorAll("[data-theme-switch]")) {
    group.hidden = false;
    const chosen = document.documentElement.dataset.theme ?? "";
    for (const radio of group.querySelectorAll("input")) radio.checked = radio.value === chosen;
  }
}

document.addEventListener("change", (event) => {
  if (event.target.closest("[data-theme-switch]")) choose("theme", event.target.value);
});
document.addEventListener("htmx:load", (event) => prepare(event.detail.elt));
prepare(document);
