// What is felt and heard: the drawing shakes and sounds, bars show the pattern, and words say it.

import { find, make, say } from "./dom.js";

const BAR_PX_PER_MS = 0.06;
const still = matchMedia("(prefers-reduced-motion: reduce)");
const SHAKE = [0, -3, 3, -2, 2, 0].map((x) => ({ transform: `translateX(${x}px)` }));

/** Plays cues on the drawing `device`, and through `sound` where that is on. */
export function cues(sound) {
  const device = document.querySelector(".device");
  const drawing = device.querySelector(".drawing");
  let timers = [];

  const quiet = () => {
    timers.forEach(clearTimeout);
    timers = [];
    delete device.dataset.buzz;
    delete device.dataset.sound;
  };
  const later = (ms, act) => timers.push(setTimeout(act, ms));

  const play = (cue) => {
    quiet(); // a newer one replaces one that still plays, as on the camera
    let at = 0;
    cue.buzz_ms.forEach((ms, index) => {
      if (index % 2 === 0) {
        later(at, () => {
          device.dataset.buzz = "true";
          if (!still.matches) drawing.animate(SHAKE, { duration: 50, iterations: Math.max(1, ms / 50) });
        });
        later(at + ms, () => delete device.dataset.buzz);
      }
      at += ms;
    });
    const tones = cue.tones.reduce((sum, [, ms]) => sum + ms, 0);
    if (tones > 0) {
      device.dataset.sound = "true";
      later(tones, () => delete device.dataset.sound);
    }
    sound.play(cue.tones);
  };

  const draw = (cue) => {
    find("bars").replaceChildren(...cue.buzz_ms.map((ms, index) => bar(ms, index % 2 === 0, 1)));
    const high = Math.max(1, ...cue.tones.map(([hz]) => hz));
    find("tones").replaceChildren(...cue.tones.map(([hz, ms]) => bar(ms, true, hz / high)));
    say(find("felt"), cue.felt ?? cue.buzz_ms.join(", "));
    say(find("heard"), cue.heard ?? (cue.tones.map(([hz]) => `${hz} Hz`).join(", ") || "nothing"));
    const words = find("cue");
    words.replaceChildren(make("span", {}, cue.words)); // a new element: the same cue once more is read aloud once more
    words.dataset.count = String(Number(words.dataset.count ?? 0) + 1);
  };

  const none = () => {
    quiet();
    sound.stop();
    for (const id of ["bars", "tones"]) find(id).replaceChildren();
    for (const id of ["felt", "heard"]) say(find(id), "none yet");
    say(find("cue"), "");
  };

  return {
    cue(cue) {
      play(cue);
      draw(cue);
    },
    camera(camera, before) {
      if (camera.power !== "on" && before?.power === "on") none();
    },
    select: none,
  };
}

function bar(ms, on, height) {
  const part = make("i", on ? { class: "on" } : {});
  part.style.width = `${Math.max(2, ms * BAR_PX_PER_MS)}px`;
  part.style.height = `${Math.round(100 * height)}%`;
  return part;
}
