// Lights with their patterns.  How bright a pattern is when comes from the server's one table; here it is only played.

const SMOOTH = 0.25; // neighbours that differ by no more are one curve, others are switched on and off
const STRIP = 100; // parts of a strip
const STRIP_MS = 2000; // what it shows
const still = matchMedia("(prefers-reduced-motion: reduce)");

const isCurve = (levels) => levels.every((level, index) => Math.abs(level - levels[(index + 1) % levels.length]) <= SMOOTH);

/** A pattern as keyframes of opacity.  `levels` are evenly spaced over its period, from 0 to 1. */
export function keyframes(levels) {
  const curve = isCurve(levels);
  const easing = curve ? "linear" : "steps(1, end)";
  const frames = levels.map((opacity, index) => ({ opacity, offset: index / levels.length, easing }));
  return [...frames, { opacity: curve ? levels[0] : levels.at(-1), offset: 1 }];
}

/** A pattern as dashes along a path of length 100, for those who want no motion: one period, from its first flash on. */
export function dashes(levels) {
  if (isCurve(levels)) return "none";
  const first = levels.findIndex((level, index) => level >= 0.5 && levels.at(index - 1) < 0.5);
  const runs = [];
  levels.forEach((_, index) => {
    const on = levels[(first + index) % levels.length] >= 0.5;
    if (runs.length % 2 === (on ? 0 : 1)) runs.push(0);
    runs[runs.length - 1] += 100 / levels.length;
  });
  return runs.map((run) => run.toFixed(1)).join(" ");
}

/** One lamp: the parts of the drawing that shine. */
export class Lamp {
  #shown = "";
  #light = null;
  #playing = null;

  constructor(node, patterns) {
    this.node = node;
    this.patterns = patterns;
    still.addEventListener("change", () => this.#play());
  }

  /** Show a light: `{colour, pattern}`.  The pattern begins anew only where the light has changed. */
  show(light) {
    const name = `${light.colour} ${light.pattern}`;
    if (name === this.#shown) return;
    this.#shown = name;
    this.#light = light;
    this.node.dataset.colour = light.colour;
    this.node.dataset.pattern = light.pattern;
    this.#play();
  }

  #play() {
    this.#playing?.cancel();
    this.#playing = null;
    const lit = this.#light !== null && this.#light.colour !== "off";
    const pattern = lit ? this.patterns()[this.#light.pattern] : null;
    this.node.style.opacity = lit ? "1" : "0";
    this.node.style.strokeDasharray = pattern && still.matches ? dashes(pattern.levels) : "none";
    if (pattern && pattern.levels.length > 1 && !still.matches)
      this.#playing = this.node.animate(keyframes(pattern.levels), { duration: pattern.period_ms, iterations: Infinity });
  }
}

/** Draw two seconds of a light's pattern into a strip, for those who do not see it blink. */
export function strip(node, light, patterns) {
  const name = `${light.colour} ${light.pattern}`;
  if (node.dataset.shown === name) return;
  node.dataset.shown = name;
  node.dataset.colour = light.colour;
  const pattern = patterns[light.pattern];
  const parts = Array.from({ length: STRIP }, (_, at) => at / STRIP);
  const levels = light.colour === "off" || !pattern ? [] : parts.map((part) => levelAt(pattern, part));
  node.replaceChildren(
    ...levels.map((level) => {
      const part = document.createElement("i");
      part.style.opacity = String(level);
      return part;
    }),
  );
}

/** How bright a pattern is at a part of what a strip shows. */
function levelAt(pattern, part) {
  const phase = ((part * STRIP_MS) % pattern.period_ms) / pattern.period_ms;
  return pattern.levels[Math.floor(phase * pattern.levels.length)];
}
