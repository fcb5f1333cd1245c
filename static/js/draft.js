// Keeps what is typed on the server, half a second after the last key: <form data-draft="address">.

const WAIT = 500;
const timers = new WeakMap();
const lines = new WeakMap();

// All that is typed and chosen; files travel by themselves, and the token in its own header.
function fieldsOf(form) {
  const fields = [...new FormData(form)].filter(([name, value]) => name !== "csrfmiddlewaretoken" && typeof value === "string");
  return new URLSearchParams(fields);
}

async function save(form) {
  const body = form.querySelector("textarea[name=body]");
  if (form.dataset.sent || !body) return;
  const says = form.querySelector("[data-saved]");
  try {
    const answer = await fetch(form.dataset.draft, {
      method: "PUT",
      headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
      body: fieldsOf(form),
      keepalive: document.hidden,
    });
    if (says) says.textContent = answer.ok ? (await answer.text()).trim() : says.dataset.lost ?? "";
  } catch {
    if (says) says.textContent = document.querySelector("[data-words]")?.dataset.offline ?? "";
  }
}

// One at a time, in order: a late answer never overtakes a newer text.
function enqueue(form) {
  clearTimeout(timers.get(form));
  timers.delete(form);
  const line = (lines.get(form) ?? Promise.resolve()).then(() => save(form));
  lines.set(form, line);
}

function later({ target }) {
  const form = target.closest("form[data-draft]");
  if (!form || target.type === "file") return;
  clearTimeout(timers.get(form));
  timers.set(form, setTimeout(() => enqueue(form), WAIT));
}
document.addEventListener("input", later);
document.addEventListener("change", later);

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return;
  for (const form of document.querySelectorAll("form[data-draft]")) if (timers.has(form)) enqueue(form);
});

// What is sent is saved by sending it.
document.addEventListener("submit", ({ target }) => clearTimeout(timers.get(target)));
