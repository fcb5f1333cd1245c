// Everything here is an extra: each page works without it. Modules bind by data- attributes.
import "./theme.js";
import "./htmx-glue.js";
import "./focus.js";
// Before what marks a form as sent: it may hold one back.
import "./recipients.js";
import "./busy.js";
import "./hotkeys.js";
import "./list.js";
import "./time.js";
import "./toast.js";
import "./dialog.js";
import "./draft.js";
import "./paste.js";
import "./undo.js";
import "./live.js";

// Says that all of it is bound; tests wait for it.
document.documentElement.dataset.ready = "";
