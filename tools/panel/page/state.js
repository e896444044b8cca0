// What the camera says, in words and lights, and what else is known of it.

import { fill, find, keyed, list, make, put, say } from "./dom.js";
import { Lamp, strip } from "./lamps.js";
import { bytes, CLOCKS, length, number, PLACES, POWERS, RECORDINGS, time } from "./words.js";

const DARK = { colour: "off", pattern: "steady" };

/** Shows one camera; `page.hello` has the catalogue of words and patterns. */
export function state(page) {
  const device = document.querySelector(".device");
  const patterns = () => page.hello.patterns;
  const lamps = Object.fromEntries(["top", "front"].map((name) => [name, new Lamp(device.querySelector(`[data-lamp="${name}"]`), patterns)]));

  return {
    camera(camera) {
      const { state: now, power } = camera;
      device.dataset.power = power;
      device.dataset.docked = String(camera.slot !== null);
      device.dataset.covered = String(Boolean(camera.switches["lens-covered"]));
      for (const [name, lamp] of Object.entries(lamps)) {
        const light = power === "on" ? camera.lights[name] : DARK;
        lamp.show(light);
        find(`${name}-words`).previousElementSibling.dataset.colour = light.colour;
        strip(document.querySelector(`[data-strip="${name}"]`), light, patterns());
        say(find(`${name}-words`), inWords(light, patterns()));
      }
      const card = document.querySelector(".state");
      card.dataset.name = power === "on" ? camera.meaning.name : power;
      card.dataset.colour = (power === "on" && [camera.lights.top, camera.lights.front].find((light) => light.colour !== "off")?.colour) || "off";
      say(find("words"), POWERS[power] ?? camera.meaning.words);
      list(find("troubles"), [...new Set([
        ...(power === "failed" && camera.trouble ? [camera.trouble] : []),
        ...(now?.troubles ?? []).map((name) => page.hello.troubles[name] ?? name),
        ...(now?.flags ?? []).map((name) => page.hello.flags?.[name] ?? name),
      ])]); // two troubles may have the same words
      const ring = now?.ring ?? { seconds: 0, full_s: 0 };
      const filled = now ? `${number(Math.min(ring.seconds, ring.full_s))} s of ${ring.full_s} s` : "nothing"; // it may hold a little more
      fill(find("ring"), ring.full_s ? ring.seconds / ring.full_s : 0, filled);
      say(find("ring-words"), filled);
      const dark = find("dark");
      dark.hidden = power === "on";
      say(dark, POWERS[power] ?? "");
      keyed(find("facts"), facts(camera), ([term]) => term, fact);
    },
  };
}

/** A light as anybody would describe it. */
export function inWords(light, patterns) {
  return light.colour === "off" ? "dark" : `${light.colour}, ${patterns[light.pattern]?.words ?? light.pattern}`;
}

function facts(camera) {
  const now = camera.state;
  if (!now) return [["Power", camera.power === "starting" ? "starting" : "off"]];
  const { battery, storage } = now;
  const running = now.take_s === null || now.take_s === undefined ? [] : [now.number ?? "?", `for ${length(now.take_s)}`];
  const doing = [...running, ...(RECORDINGS[now.recording] ? [RECORDINGS[now.recording]] : [])];
  const rows = [
    ["Recording", doing.join(", ") || "none"],
    ["Place", PLACES[now.place] ?? now.place],
    ["Battery", battery ? `${battery.percent} %${battery.charging ? ", charging" : ""}` : "?"],
    ["Temperature", `${number(battery?.celsius)} °C`],
    ["Storage free", bytes(storage?.free)],
    ["Its clock, UTC", `${time(now.utc_ms)}, ${CLOCKS[now.clock] ?? now.clock}`],
    ["Shift", now.shift ?? "unassigned"],
  ];
  return camera.officer ? [...rows, ["In the dock’s register", camera.officer]] : rows;
}

function fact(node, [term, words]) {
  const row = node ?? make("div", {}, make("dt", {}, term), make("dd"));
  say(row.lastElementChild, words);
  return row;
}

/** Draws the pictures of the camera that is looked at; one that comes while another is being drawn waits, and only the newest. */
export function picture() {
  const canvas = find("picture");
  const context = canvas.getContext("2d", { alpha: false });
  let waiting = null;
  let busy = false;

  const draw = async (blob) => {
    const bitmap = await createImageBitmap(blob);
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
    }
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    canvas.dataset.pictures = String(Number(canvas.dataset.pictures ?? 0) + 1);
  };
  const work = async () => {
    busy = true;
    while (waiting !== null) {
      const blob = waiting;
      waiting = null;
      try {
        await draw(blob);
      } catch {
        put(canvas, "data-broken", true); // one that cannot be decoded is left out
      }
    }
    busy = false;
  };
  return {
    show(blob) {
      waiting = blob;
      if (!busy) work();
    },
  };
}
