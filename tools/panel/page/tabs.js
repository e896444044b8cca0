// Several cameras: a tab for each, with its light and what that means.

import { find, keyed, make, put, say } from "./dom.js";
import { POWERS } from "./words.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

/** Tabs where there is more than one camera; `select(id)` is called when another one is chosen. */
export function tabs(page, select) {
  const bar = find("tabs");
  const panel = find("camera");

  bar.addEventListener("keydown", (event) => {
    const all = [...bar.children];
    const at = all.findIndex((each) => each.dataset.key === page.current);
    const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : event.key in STEPS ? (at + STEPS[event.key] + all.length) % all.length : null;
    if (to === null) return;
    event.preventDefault();
    all[to].focus();
    select(all[to].dataset.key);
  });

  const draw = () => {
    const several = page.cameras.size > 1;
    bar.hidden = !several;
    keyed(bar, [...page.cameras.values()], (camera) => camera.id, (node, camera) => tab(node, camera, select));
    for (const each of bar.children) {
      const chosen = each.dataset.key === page.current;
      put(each, "aria-selected", chosen ? "true" : "false");
      put(each, "tabindex", chosen ? 0 : -1);
    }
    put(panel, "role", several ? "tabpanel" : null);
    put(panel, "aria-labelledby", several ? `tab-${page.current}` : null);
  };
  return { hello: draw, select: draw, any: draw };
}

function tab(node, camera, select) {
  const row = node ?? make("button", { type: "button", class: "tab", role: "tab", id: `tab-${camera.id}`, "aria-controls": "camera" }, make("span", { class: "dot" }), make("span", {}, camera.id), make("span", { class: "soft" }));
  if (node === null) row.addEventListener("click", () => select(camera.id));
  row.firstElementChild.dataset.colour = camera.power === "on" ? camera.lights.top.colour : "off";
  say(row.lastElementChild, POWERS[camera.power] ?? camera.meaning.words);
  return row;
}
