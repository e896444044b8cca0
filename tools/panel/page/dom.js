// Small helpers for the document.  Text goes in as text and never as markup, and nothing is touched that is as it should be:
// what has the focus keeps it, and what is read aloud is read once.

/** The element of this id. */
export const find = (id) => document.getElementById(id);

/** A new element with attributes and children (elements or text); null and false children are left out. */
export function make(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) put(node, key, value);
  node.append(...children.filter((child) => child !== null && child !== false));
  return node;
}

/** Set an attribute; null and false take it away, true is an empty one.  What begins with `aria-` says false and true in words. */
export function put(node, name, value) {
  const spoken = name.startsWith("aria-") && typeof value === "boolean" ? String(value) : value;
  if (spoken === null || spoken === false || spoken === undefined) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else {
    const text = spoken === true ? "" : String(spoken);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
}

/** Make this the text of a node. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Make these the rows of a list, as plain text. */
export function list(node, rows) {
  if (node.childElementCount === rows.length && rows.every((row, index) => node.children[index].textContent === row)) return;
  node.replaceChildren(...rows.map((row) => make("li", {}, row)));
}

/** Whether a switch is on. */
export const isOn = (id) => find(id).getAttribute("aria-checked") === "true";

/** Let a switch of the page itself be turned over. */
export function turns(id) {
  find(id).addEventListener("click", () => put(find(id), "aria-checked", !isOn(id)));
}

/** Show how far a bar is, from 0 to 1, and say it. */
export function fill(bar, share, words) {
  const part = Math.min(1, Math.max(0, share || 0));
  bar.firstElementChild.style.setProperty("--share", part.toFixed(3));
  put(bar, "aria-valuenow", (part * Number(bar.getAttribute("aria-valuemax") || 1)).toFixed(2));
  put(bar, "aria-valuetext", words);
}

/** The rows of a table by their key: `render(node, item)` makes a new one where `node` is null, and brings it up to date. */
export function keyed(node, items, key, render) {
  const there = new Map([...node.children].map((child) => [child.dataset.key, child]));
  let place = node.firstElementChild;
  for (const item of items) {
    const name = key(item);
    const row = render(there.get(name) ?? null, item);
    row.dataset.key = name;
    there.delete(name);
    if (row === place) place = place.nextElementSibling;
    else node.insertBefore(row, place);
  }
  for (const gone of there.values()) gone.remove();
}
