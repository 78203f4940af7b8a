/**
 * The little that pages gain from a script. Everything works without it.
 *
 * Markup that it reads:
 *   data-key="a" or "g q"   this link, button or field answers to that key
 *   data-key-list / -row    rows that j and k walk through
 *   data-key-open           the link of a row that enter opens
 *   data-row-key="e"        this button answers to that key while its row is the current one
 *   data-key-pick           the checkbox of a row that x flips
 *   data-key-send           a form that Ctrl+Enter sends; its button says in the list of keys what that does
 *   data-focus              takes the focus when the page opens
 *   data-focus-within       a form whose first field takes it where nothing else does
 *   data-bulk               a form that counts its selected checkboxes
 *
 * The command menu (Ctrl+K) offers the links and buttons of the page that lead somewhere or do something, so that it
 * never knows more than its reader may see.
 */

const root = document.documentElement;
const sequenceWait = 1200;
let pending = "";
let pendingSince = 0;

const keysAreOn = () => root.dataset.keys !== "off";

function isWriting(target) {
  if (!(target instanceof Element)) return false;
  if (target.closest("textarea, select, [contenteditable]")) return true;
  const input = target.closest("input");
  return input !== null && !["checkbox", "radio", "submit", "button"].includes(input.type);
}

function isShown(element) {
  return element.getClientRects().length > 0 && !element.disabled;
}

function answering(keys) {
  return [...document.querySelectorAll("[data-key]")].find(
    (element) => element.dataset.key === keys && isShown(element),
  );
}

function someStartWith(keys) {
  return [...document.querySelectorAll("[data-key]")].some((element) =>
    element.dataset.key.startsWith(`${keys} `),
  );
}

function use(element) {
  element.scrollIntoView({ block: "nearest" });
  if (element.matches("input[type=radio], input[type=checkbox]")) {
    element.focus();
    element.click();
  } else if (element.matches("input, textarea, select")) {
    element.focus();
    element.select?.();
  } else {
    element.focus();
    element.click();
  }
}

const rows = () => [...document.querySelectorAll("[data-key-list] [data-key-row]")];
const currentRow = () => document.querySelector("[data-key-row].is-current");
const ofCurrentRow = (keys) => currentRow()?.querySelector(`[data-row-key="${CSS.escape(keys)}"]`);

function moveTo(row) {
  currentRow()?.classList.remove("is-current");
  row.classList.add("is-current");
  row.querySelector("[data-key-open], [data-key-pick], a")?.focus();
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = rows();
  if (all.length === 0) return;
  const index = all.indexOf(currentRow());
  moveTo(all[Math.min(all.length - 1, Math.max(0, index + by))]);
}

const builtIn = {
  j: { words: "Next row", run: () => step(1), needs: rows },
  k: { words: "Previous row", run: () => step(-1), needs: rows },
  x: {
    words: "Select the row",
    run: () => currentRow()?.querySelector("[data-key-pick]")?.click(),
    needs: () => document.querySelectorAll("[data-key-pick]"),
  },
  "?": { words: "Show the keys of this page", run: showKeys, needs: () => [root] },
};

function wordsOf(element) {
  if (element.dataset.keyWords) return element.dataset.keyWords;
  const label = element.labels?.[0] ?? element;
  const copy = label.cloneNode(true);
  for (const hint of copy.querySelectorAll("kbd, .visually-hidden + kbd")) hint.remove();
  return copy.textContent.trim().replace(/\s+/g, " ");
}

function keysOfPage() {
  const found = new Map();
  for (const [keys, { words, needs }] of Object.entries(builtIn)) {
    if (needs().length > 0) found.set(keys, words);
  }
  if (rows().length > 0) found.set("Enter", "Open the row");
  for (const element of document.querySelectorAll("[data-row-key]")) {
    if (!found.has(element.dataset.rowKey)) found.set(element.dataset.rowKey, "Claim or release the row");
  }
  for (const element of document.querySelectorAll("[data-key]")) {
    if (isShown(element) && !found.has(element.dataset.key)) {
      found.set(element.dataset.key, wordsOf(element));
    }
  }
  const send = document.querySelector("[data-key-send] [type=submit]");
  if (send) found.set("Ctrl Enter", wordsOf(send));
  found.set("Ctrl K", "Open the command menu");
  return found;
}

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function keyLine([keys, words]) {
  const marks = keys.split(" ").map((key) => make("kbd", { textContent: key }));
  return make("div", {}, make("dt", {}, ...marks), make("dd", { textContent: words }));
}

function showKeys() {
  if (document.querySelector("dialog.key-help")) return;
  const close = make("button", { type: "submit", className: "button", textContent: "Close" });
  const dialog = make(
    "dialog",
    { className: "key-help" },
    make("h2", { id: "key-help-title", textContent: "Keys on this page" }),
    make("dl", {}, ...[...keysOfPage()].map(keyLine)),
    make("form", { method: "dialog" }, close),
  );
  dialog.setAttribute("aria-labelledby", "key-help-title");
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** What the command menu offers: words, and the element that is used when they are chosen. */
function commands() {
  const places = [
    ".decide a[href], .actions a[href], .actions button, .page-actions a[href]:not(.only-narrow)",
    ".main-nav a[href], .list-tools a[href], nav.tabs[aria-label=Views] a[href], [data-key-open]",
    ".menu-body a[href], .menu-body button",
  ];
  const found = new Map();
  for (const element of places.flatMap((place) => [...document.querySelectorAll(place)])) {
    const row = element.closest("[data-key-row]")?.querySelector(".row-title")?.textContent;
    const words = row ? `${wordsOf(element)} ${row}` : wordsOf(element);
    if (words && !found.has(words)) found.set(words, element);
  }
  return [...found];
}

/** Use an element although its menu may be folded: a link is followed, a button pressed. */
function choose(dialog, element) {
  dialog.close();
  element.click();
}

function commandList(dialog, typed) {
  const wanted = typed.toLowerCase().split(/\s+/);
  const fits = commands().filter(([words]) => wanted.every((word) => words.toLowerCase().includes(word)));
  const items = fits.slice(0, 12).map(([words, element]) => {
    const button = make("button", { type: "button", className: "command", textContent: words });
    button.addEventListener("click", () => choose(dialog, element));
    return make("li", {}, button);
  });
  const box = document.querySelector("#site-search");
  if (typed.trim() && box) {
    const button = make("button", { type: "button", className: "command", textContent: `Search for “${typed.trim()}”` });
    button.addEventListener("click", () => {
      box.value = typed.trim();
      box.form.requestSubmit();
    });
    items.push(make("li", {}, button));
  }
  return items;
}

function walkCommands(event, dialog) {
  const buttons = [...dialog.querySelectorAll(".command")];
  const at = buttons.indexOf(document.activeElement);
  if (event.key === "ArrowDown") buttons[Math.min(at + 1, buttons.length - 1)]?.focus();
  else if (event.key === "ArrowUp" && at > 0) buttons[at - 1].focus();
  else if (event.key === "ArrowUp") dialog.querySelector("input").focus();
  else if (event.key === "Enter" && at < 0) buttons[0]?.click();
  else return;
  event.preventDefault();
}

function showCommands() {
  if (document.querySelector("dialog[open]")) return;
  const input = make("input", { type: "text", id: "command-words", autocomplete: "off" });
  const list = make("ul", { className: "commands" });
  const status = make("p", { className: "visually-hidden" });
  status.setAttribute("role", "status");
  const label = make("label", { htmlFor: "command-words", textContent: "What do you want to do?" });
  const dialog = make("dialog", { className: "key-help command-menu" }, label, input, list, status);
  dialog.setAttribute("aria-label", "Command menu");
  const renew = () => {
    list.replaceChildren(...commandList(dialog, input.value));
    status.textContent = `${list.children.length} to choose from`;
  };
  input.addEventListener("input", renew);
  dialog.addEventListener("keydown", (event) => walkCommands(event, dialog));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  renew();
  dialog.showModal();
}

function onKey(event) {
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
    if (!keysAreOn()) return;
    event.preventDefault();
    showCommands();
    return;
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const inside = event.target instanceof Element && event.target.closest("form");
    const form = inside ? inside.closest("[data-key-send]") : document.querySelector("[data-key-send]");
    if (form && keysAreOn()) {
      event.preventDefault();
      form.requestSubmit();
    }
    return;
  }
  if (!keysAreOn() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isWriting(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (document.querySelector("dialog[open]") || event.key.length !== 1) return;

  const recent = event.timeStamp - pendingSince < sequenceWait;
  const keys = pending && recent ? `${pending} ${event.key}` : event.key;
  pending = "";
  const target = ofCurrentRow(keys) ?? answering(keys);
  if (target) {
    event.preventDefault();
    use(target);
  } else if (builtIn[keys]) {
    event.preventDefault();
    builtIn[keys].run();
  } else if (someStartWith(keys)) {
    pending = keys;
    pendingSince = event.timeStamp;
  }
}

function closeOtherMenus(event) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (event.type === "keydown" ? event.key === "Escape" : !menu.contains(event.target)) {
      if (event.type === "keydown") menu.querySelector("summary").focus();
      menu.open = false;
    }
  }
}

function countSelected(form) {
  const output = form.querySelector("[data-bulk-count]");
  const picked = [...form.elements].filter((box) => box.matches("[data-key-pick]:checked")).length;
  output.textContent = picked === 0 ? "(none selected)" : `(${picked} selected)`;
  form.classList.toggle("is-idle", picked === 0);
}

function watchSelection(form) {
  document.addEventListener("change", (event) => {
    if (event.target.form === form) countSelected(form);
  });
  countSelected(form);
}

/** Where a picture is wider than its frame, begin with the current box, or the first, in the middle. */
function centre(frame) {
  const box = frame.querySelector(".node.current") ?? frame.querySelector(".node");
  if (!box) return;
  const [inner, outer] = [box.getBoundingClientRect(), frame.getBoundingClientRect()];
  frame.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
}

root.classList.add("has-script");
document.addEventListener("keydown", onKey);
document.addEventListener("keydown", closeOtherMenus);
document.addEventListener("click", closeOtherMenus);
document.querySelectorAll("form[data-bulk]").forEach(watchSelection);
document.querySelectorAll(".diagram-frame").forEach(centre);
const first = "[data-focus], [data-focus-within] :is(input:not([type=hidden]), textarea, select)";
const focusFirst = () => document.querySelector(first)?.focus();
focusFirst();
// An address with a fragment takes the focus away again while the page loads.
if (location.hash) window.addEventListener("load", () => requestAnimationFrame(focusFirst));
