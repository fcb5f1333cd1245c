// Who gets a reply or a forward: data-recipients holds rows of boxes with a field for another
// address.
// What is typed becomes a box, nobody stands in both rows, and the button says their names.

const MAILBOX = /^\s*(?:"?([^"<]*?)"?\s*<([^<>\s]+@[^<>\s]+)>|([^<>\s]+@[^<>\s]+))\s*$/;

const boxes = (part, also) => [...part.querySelectorAll(`[data-row=${also}] > .chip input`)];
const chosen = (part, also) => boxes(part, also).filter((box) => box.checked);
const wordsOf = (row) => row.map((box) => box.dataset.words).join(", ");

function tell(part) {
  const form = part.closest("form");
  const named = form.elements.named;
  const [to, cc] = [chosen(part, "also_to"), chosen(part, "also_cc")];
  const everybody = [...to, ...cc];
  const [first] = everybody;
  const names = !first ? named.dataset.nobody : first.dataset.short + (everybody.length > 1 ? ` +${everybody.length - 1}` : "");
  for (const place of (form.closest("details") ?? form).querySelectorAll("[data-names]")) place.textContent = names;
  const [one] = to;
  const address = to.length === 1 && one.dataset.address !== one.dataset.words && one.dataset.address;
  const words = part.querySelector("[data-to-words]");
  if (words) words.textContent = (wordsOf(to) || named.dataset.nobody) + (address ? ` <${address}>` : "");
  const copies = part.querySelector("[data-cc-words]");
  if (copies) {
    copies.textContent = wordsOf(cc);
    part.querySelector("[data-cc-line]").hidden = cc.length === 0;
  }
  // From now on the button names those who are chosen.
  named.value = "live";
  const lines = [...form.querySelectorAll("[data-check]")];
  for (const line of lines) {
    const { check } = line.dataset;
    const asked = everybody.some((box) => "asked" in box.dataset);
    line.hidden = check === "asked" ? asked : everybody.every((box) => box.dataset.address !== check);
  }
  const checks = form.querySelector("[data-checks]");
  if (checks) checks.hidden = lines.every((line) => line.hidden);
}

// Whoever is put into one row leaves the other.
function leaveTheOtherRow(part, box) {
  if (!box.checked) return;
  for (const other of part.querySelectorAll(".chip input")) {
    if (other !== box && other.dataset.address && other.dataset.address === box.dataset.address) other.checked = false;
  }
}

// Gives whether all of it became boxes; what is no address stays and is refused in words.
function take(field) {
  const part = field.closest("[data-recipients]");
  const rest = field.value.split(/[,;\n]/).filter((text) => text.trim() && !add(part, field, text));
  field.value = rest.join(",").trim();
  return !rest.length;
}

function add(part, field, text) {
  const [, name = "", inside, bare] = MAILBOX.exec(text) ?? [];
  const address = (inside ?? bare)?.toLowerCase();
  if (!address) return false;
  const row = field.closest("[data-row]");
  let box = [...row.querySelectorAll(".chip input")].find((known) => known.dataset.address === address);
  if (!box) {
    const blank = row.querySelector("template[data-blank]");
    const chip = blank.content.firstElementChild.cloneNode(true);
    box = chip.querySelector("input");
    const words = name.trim() || address;
    Object.assign(box, { value: text.trim() });
    Object.assign(box.dataset, { words, address, short: words.split(" ")[0].split("@")[0] });
    chip.querySelector("bdi").textContent = words;
    chip.querySelector("bdi").title = address;
    blank.before(chip);
  }
  box.checked = true;
  leaveTheOtherRow(part, box);
  tell(part);
  box.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

// A new box moves what stands below it, so never while the pointer is on its way to click that.
let isPressed = false;
document.addEventListener("pointerdown", () => (isPressed = true), true);
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => (isPressed = false), true);

function takeSoon(field) {
  if (!isPressed) return void take(field);
  document.addEventListener("pointerup", () => setTimeout(() => take(field)), { once: true });
}

// Nothing leaves before the button has named whom it goes to.
document.addEventListener("submit", (event) => {
  const fields = [...event.target.querySelectorAll("[data-also]")].filter((field) => field.value.includes("@"));
  if (!event.submitter || event.submitter.name === "save" || !fields.map(take).some(Boolean)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

document.addEventListener("change", ({ target }) => {
  const part = target.closest?.("[data-recipients]");
  if (!part) return;
  if (target.matches("[data-also]")) return takeSoon(target);
  if (!target.matches(".chip input")) return;
  leaveTheOtherRow(part, target);
  tell(part);
});

// A suggestion that was picked is whole, so it becomes a box at once.
document.addEventListener("input", ({ target, inputType }) => {
  if (!target.matches?.("[data-also]")) return;
  if (inputType === "insertReplacementText" || inputType === undefined) take(target);
});

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (!target.closest?.("[data-recipients]") || event.isComposing) return;
  if (target.matches("[data-also]")) {
    if (key === "Enter" && (target.value.trim() || !(event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      take(target);
    } else if (["," , ";"].includes(key) && target.value.includes("@") && take(target)) {
      event.preventDefault();
    } else if (key === "Backspace" && !target.value) {
      event.preventDefault();
      chosen(target.closest("[data-recipients]"), target.name).at(-1)?.focus();
    }
  } else if (["Backspace", "Delete"].includes(key) && target.matches(".chip input") && target.checked) {
    event.preventDefault();
    target.click();
  }
}, true);
