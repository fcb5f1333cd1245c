// A picture pasted into a text goes along as a file and stands where it was pasted: <input data-pasted>.

const ENDINGS = { "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp" };
let count = 0;

// The clipboard calls every picture "image.png"; two of them in a mail need two names.
function named(file) {
  count += 1;
  return new File([file], `picture-${Date.now().toString(36)}-${count}.${ENDINGS[file.type]}`, { type: file.type });
}

document.addEventListener("paste", (event) => {
  const body = event.target.closest?.("textarea[name=body]");
  const input = body?.form?.querySelector("input[data-pasted]");
  const pictures = [...(event.clipboardData?.files ?? [])].filter((file) => ENDINGS[file.type]).map(named);
  // What also comes as text, as cells of a table do, is meant as text.
  if (!input || !pictures.length || event.clipboardData.types.includes("text/plain")) return;
  event.preventDefault();
  const chosen = new DataTransfer();
  for (const file of [...input.files, ...pictures]) chosen.items.add(file);
  input.files = chosen.files;
  body.setRangeText(pictures.map((file) => `![](${file.name})`).join("\n"), body.selectionStart, body.selectionEnd, "end");
  body.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
});
