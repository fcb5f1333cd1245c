// Counts an undo window down on its button: <form data-undo="9"> with a button inside.

for (const form of document.querySelectorAll("form[data-undo]")) {
  const words = form.querySelector("button > span");
  if (!words) continue;
  const ends = performance.now() + Number(form.dataset.undo) * 1000;
  const timer = setInterval(() => {
    const left = Math.ceil((ends - performance.now()) / 1000);
    if (left > 0) words.firstChild.textContent = words.firstChild.textContent.replace(/\d+/, left);
    else {
      clearInterval(timer);
      form.querySelector("button").remove();
    }
  }, 500);
}
