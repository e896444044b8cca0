// The audit log as it grows on the card, line by line, and what was done by whom.

import { find, make } from "./dom.js";
import { time } from "./words.js";

const LINES = 500; // the newest ones; older ones lie on the card

/** Keeps the lines of every camera, and shows those of the one at hand, the newest first. */
export function logbook(page) {
  const lines = new Map();
  const rows = find("log").querySelector("ol");
  const said = find("said").querySelector("ol");

  const keep = (entry) => {
    const kept = lines.get(entry.camera) ?? [];
    lines.set(entry.camera, kept);
    kept.push(entry);
    if (kept.length > LINES) kept.shift();
  };
  const show = (list, node) => {
    list.prepend(node);
    while (list.childElementCount > LINES) list.lastElementChild.remove();
  };

  return {
    hello(hello) {
      lines.clear();
      hello.log.forEach(keep);
      said.replaceChildren();
      hello.said.forEach((each) => show(said, remark(each)));
    },
    select(camera) {
      rows.replaceChildren(...[...(lines.get(camera) ?? [])].reverse().map(line));
    },
    log(entry) {
      keep(entry);
      if (entry.camera === page.current) show(rows, line(entry));
    },
    said: (each) => show(said, remark(each)),
  };
}

function line(entry) {
  const what = make("details", {}, make("summary", {}, entry.words));
  what.addEventListener("toggle", () => {
    if (!what.open || what.childElementCount > 1) return;
    what.append(make("pre", {}, JSON.stringify(entry.facts, null, 1)), make("pre", {}, entry.cut ? `${entry.jws}…` : entry.jws));
  });
  return make("li", { "data-kind": entry.kind }, make("time", { datetime: iso(entry.utc_ms), title: `${entry.file}, line ${entry.line}` }, time(entry.utc_ms)), what);
}

function remark(each) {
  const who = each.camera ? `${each.who}, ${each.camera}` : each.who;
  return make("li", {}, make("time", { datetime: iso(each.at_ms) }, time(each.at_ms)), make("span", { class: each.trouble ? "trouble" : null }, `${each.words} (${who})`));
}

const iso = (ms) => (ms === null || ms === undefined ? null : new Date(ms).toISOString());
