// What happens to the camera: hands, sliders, switches and faults, drawn from what the server says there is.

import { find, make, put, say } from "./dom.js";
import { number } from "./words.js";

const GROUPS = {
  battery: "Battery and heat",
  storage: "Storage",
  picture: "Picture",
  sound: "Sound",
  clock: "Clock",
  sensors: "Sensors",
  dock: "Dock",
  hardware: "Hardware",
};
const LOOKED_AWAY_MS = 1500; // a slider that a hand moved just now is not moved back by older news

/** Draws them; `order(what, facts)` concerns the camera at hand. */
export function controls(order) {
  let sliders = [];
  let switches = [];
  let now = null;

  find("cell").addEventListener("click", () => order("battery", { in: now?.power === "off" || now?.power === "failed" }));
  find("into-dock").addEventListener("click", () => order("dock", now?.slot === null ? {} : { slot: null }));

  return {
    hello(hello) {
      sliders = hello.sliders.map((each) => slider(each, order));
      switches = hello.switches.map((each) => switched(each, order));
      find("sliders").replaceChildren(...sliders.map((each) => each.node));
      const parts = [...switches, ...hello.strikes.map((each) => strike(each, order))];
      const names = [...new Set([...Object.keys(GROUPS), ...parts.map((each) => each.group)])];
      find("events").replaceChildren(
        ...names
          .map((name) => [name, parts.filter((each) => each.group === name)])
          .filter(([, inside]) => inside.length > 0)
          .map(([name, inside]) => group(GROUPS[name] ?? name, inside)),
      );
      faults(hello.faults, order);
    },
    camera(camera) {
      now = camera;
      const out = camera.power === "off" || camera.power === "failed";
      say(find("cell"), out ? "Put the battery back" : "Pull the battery");
      say(find("into-dock"), camera.slot === null ? "Put it into the dock" : "Take it out of the dock");
      for (const each of sliders) each.see(camera.sliders[each.name]);
      for (const each of switches) each.see(camera.switches[each.name]);
    },
    select: () => sliders.forEach((each) => each.forget()),
  };
}

const group = (title, inside) => make("fieldset", {}, make("legend", {}, title), ...inside.map((each) => each.node));

function slider({ name, words, unit, low, high, step }, order) {
  const id = `slider-${name}`;
  const input = make("input", { type: "range", id, min: low, max: high, step });
  const output = make("output", { for: id });
  let moved = 0;
  let busy = false;
  let wanted = null;

  const tell = (value) => {
    const text = value === null || value === undefined ? "not known" : `${number(value)} ${unit}`;
    say(output, text);
    put(input, "aria-valuetext", text);
  };
  const send = async () => {
    if (busy) return;
    busy = true;
    while (wanted !== null) {
      const value = wanted;
      wanted = null;
      await order("slide", { name, value });
    }
    busy = false;
  };
  input.addEventListener("input", () => {
    moved = performance.now();
    wanted = Number(input.value);
    tell(wanted);
    send();
  });
  return {
    name,
    node: make("div", { class: "slider" }, make("label", { for: id }, words), output, input),
    see(value) {
      input.disabled = value === null || value === undefined;
      if (busy || (moved > 0 && performance.now() - moved < LOOKED_AWAY_MS)) return;
      if (!input.disabled) input.value = String(value);
      tell(value);
    },
    forget: () => {
      moved = 0;
    },
  };
}

function switched({ name, words, group: where }, order) {
  const node = make("button", { type: "button", class: "switch", role: "switch", "aria-checked": "false", "data-switch": name }, words);
  node.addEventListener("click", () => order("switch", { name, on: node.getAttribute("aria-checked") !== "true" }));
  return { name, group: where, node, see: (on) => put(node, "aria-checked", Boolean(on)) };
}

function strike({ name, words, group: where }, order) {
  const node = make("button", { type: "button", class: "button", "data-strike": name }, words);
  node.addEventListener("click", () => order("strike", { name }));
  return { name, group: where, node };
}

/** Every fault that any part knows, as a form: part, kind, and what the kind takes. */
function faults(parts, order) {
  const form = find("fault-form");
  const part = make("select", { name: "part" }, ...Object.keys(parts).map(option));
  const kind = make("select", { name: "kind" });
  const rows = make("div", { class: "rows" });
  let wanted = {};

  const fields = () => {
    wanted = parts[part.value]?.[kind.value] ?? {};
    rows.replaceChildren(...Object.entries(wanted).map(([name, argument]) => field(name, argument)));
  };
  const kinds = () => {
    kind.replaceChildren(...Object.keys(parts[part.value] ?? {}).map(option));
    fields();
  };
  part.addEventListener("change", kinds);
  kind.addEventListener("change", fields);
  form.onsubmit = (event) => {
    event.preventDefault();
    const given = Object.entries(wanted).map(([name, argument]) => [name, read(form.elements[`with-${name}`], argument)]);
    order("fault", { part: part.value, kind: kind.value, with: Object.fromEntries(given.filter(([, value]) => value !== null)) });
  };
  form.replaceChildren(
    make("label", {}, "Part", part),
    make("label", {}, "What happens", kind),
    rows,
    make("button", { type: "submit", class: "button" }, "Let it happen"),
  );
  kinds();
}

const option = (name) => make("option", { value: name }, name);

function field(name, argument) {
  const id = `with-${name}`;
  if (argument.kind === "flag") {
    const box = make("input", { type: "checkbox", name: id });
    box.checked = Boolean(argument.default);
    return make("label", { class: "flag" }, box, name);
  }
  if (argument.kind === "word") return make("label", {}, name, make("select", { name: id }, ...argument.known.map(option)));
  const must = argument.default === null || argument.default === undefined;
  const range = argument.kind === "number" ? { type: "number", min: argument.low, max: argument.high, step: argument.whole ? 1 : "any" } : { type: "text", maxlength: argument.limit };
  return make("label", {}, name, make("input", { ...range, name: id, value: argument.default, required: must }));
}

function read(input, argument) {
  if (argument.kind === "flag") return input.checked;
  if (input.value === "") return null;
  return argument.kind === "number" ? Number(input.value) : input.value;
}
