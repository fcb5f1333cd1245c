// Dialogs open by the platform's own `command`; this helps browsers that lack it, closes dialogs
// by a click beside them, and leaves menus once something in them is chosen.

const knowsCommands = "commandForElement" in HTMLButtonElement.prototype;

document.addEventListener("click", ({ target }) => {
  if (!(target instanceof Element)) return;
  target.closest("[data-dialog-close]")?.closest("dialog").close();
  const opener = target.closest("[commandfor]");
  if (opener && !knowsCommands) document.getElementById(opener.getAttribute("commandfor"))?.showModal?.();
  if (target.matches("dialog:modal")) target.close();
  const menu = target.closest("[popover]");
  if (menu?.matches(".menu") && target.closest("a, button")) menu.hidePopover();
});
