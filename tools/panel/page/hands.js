// The buttons of the drawing under mouse, finger and keys.  What went down comes up again, whatever becomes of the pointer.

import { find, isOn, put, say, turns } from "./dom.js";

const KEYS = { " ": "record", f: "function", F: "function" };
const BOUNCES = 7;
const OWN = "button, summary, video, a[href], input, select, textarea, [role='log']"; // these have a use of their own for the space bar
const TYPED = "input:not([type='range'], [type='checkbox']), select, textarea";

/** Press and release through `order(what, facts)`; the answers show in the camera's own state. */
export function hands(order) {
  const device = document.querySelector(".device");
  const held = new Map(); // button -> what holds it: pointers and keys
  const since = new Map();
  let down = {};
  let timer = 0;

  turns("bounce");
  turns("keys");

  const bounces = () => (isOn("bounce") ? BOUNCES : 0);
  const press = (button, by) => {
    const holders = held.get(button) ?? new Set();
    held.set(button, holders);
    if (holders.has(by)) return;
    holders.add(by);
    if (holders.size > 1) return;
    since.set(button, performance.now());
    order("press", { button, bounces: bounces() });
    show();
  };
  const release = (button, by) => {
    const holders = held.get(button);
    if (!holders?.delete(by) || holders.size > 0) return;
    since.delete(button);
    order("release", { button, bounces: bounces() });
    show();
  };
  const drop = (which = () => true) => {
    for (const [button, holders] of held) for (const by of [...holders]) if (which(by)) release(button, by);
  };
  const show = () => {
    for (const button of ["record", "function"]) device.dataset[button] = String(since.has(button) || Boolean(down[button]));
    tell();
  };
  const tell = () => {
    const [button, from] = [...since][0] ?? [];
    say(find("held"), button ? `${button} held for ${((performance.now() - from) / 1000).toFixed(1)} s` : "");
    clearTimeout(timer);
    if (button) timer = setTimeout(tell, 100);
  };

  for (const key of device.querySelectorAll(".key")) {
    const button = key.dataset.button;
    key.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      key.setPointerCapture(event.pointerId);
      press(button, `pointer ${event.pointerId}`);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"])
      key.addEventListener(end, (event) => release(button, `pointer ${event.pointerId}`));
    key.addEventListener("contextmenu", (event) => event.preventDefault());
    key.addEventListener("click", (event) => {
      if (event.detail === 0) order("tap", { button, ms: 120, bounces: bounces() }); // a screen reader's or a switch's click: no pointer, no key
    });
    key.addEventListener("keydown", (event) => {
      if ((event.key !== " " && event.key !== "Enter") || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      if (!event.repeat) press(button, `key ${event.code}`);
    });
    key.addEventListener("keyup", (event) => {
      if (event.key === " " || event.key === "Enter") event.preventDefault();
    });
    key.addEventListener("blur", () => drop((by) => by.startsWith("key ") && !by.endsWith("KeyF")));
  }

  document.addEventListener("keydown", (event) => {
    const button = KEYS[event.key];
    if (!button || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    if (!isOn("keys") || event.target.closest(event.key === " " ? OWN : TYPED)) return;
    event.preventDefault();
    if (!event.repeat) press(button, `key ${event.code}`);
  });
  document.addEventListener("keyup", (event) => {
    for (const button of held.keys()) release(button, `key ${event.code}`);
  });
  window.addEventListener("blur", () => drop());
  window.addEventListener("pagehide", () => drop());
  document.addEventListener("visibilitychange", () => document.hidden && drop());

  return {
    camera(camera) {
      down = camera.buttons;
      for (const key of device.querySelectorAll(".key")) put(key, "aria-pressed", Boolean(down[key.dataset.button]));
      show();
    },
    leave: () => drop(),
  };
}
