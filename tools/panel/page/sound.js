// The camera's tones, through the speakers of whoever looks at the page; silent until they allow it.

import { find, put } from "./dom.js";

const LOUD = 0.14;
const SOFT_S = 0.008; // each tone begins and ends this softly: no click

export class Sound {
  #context = null;
  #playing = [];

  constructor() {
    const button = find("sound");
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-checked") !== "true";
      put(button, "aria-checked", on);
      if (on) {
        this.#context ??= new AudioContext();
        this.#context.resume();
      } else {
        this.stop();
        this.#context?.suspend();
      }
    });
  }

  /** Play tones, each [Hz, ms], one behind the other; what still plays is cut short. */
  play(tones) {
    this.stop();
    if (this.#context?.state !== "running") return;
    let at = this.#context.currentTime;
    for (const [hz, ms] of tones) {
      const end = at + ms / 1000;
      const gain = new GainNode(this.#context, { gain: 0 });
      const tone = new OscillatorNode(this.#context, { type: "triangle", frequency: hz });
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(LOUD, at + SOFT_S);
      gain.gain.setValueAtTime(LOUD, Math.max(at + SOFT_S, end - SOFT_S));
      gain.gain.linearRampToValueAtTime(0, end);
      tone.connect(gain).connect(this.#context.destination);
      tone.start(at);
      tone.stop(end);
      this.#playing.push(tone);
      at = end;
    }
  }

  /** Be quiet. */
  stop() {
    for (const tone of this.#playing) tone.stop();
    this.#playing = [];
  }
}
