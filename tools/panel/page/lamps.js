// Lights with their patterns.  How bright a pattern is when comes from the server's one table; here it is only played.

const SMOOTH = 0.25; // neighbours that differ by no more are one curve, others are switched on and off
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** A pattern as keyframes of opacity.  `levels` are evenly spaced over its period, from 0 to 1. */
export function keyframes(levels) {
  const curve = levels.every((level, index) => Math.abs(level - levels[(index + 1) % levels.length]) <= SMOOTH);
  const easing = curve ? "linear" : "steps(1, end)";
  const frames = levels.map((opacity, index) => ({ opacity, offset: index / levels.length, easing }));
  return [...frames, { opacity: curve ? levels[0] : levels.at(-1), offset: 1 }];
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
    if (pattern && pattern.levels.length > 1 && !still.matches)
      this.#playing = this.node.animate(keyframes(pattern.levels), { duration: pattern.period_ms, iterations: Infinity });
  }
}

/** Draw two periods of a light's pattern into a strip, for those who do not see it blink. */
export function strip(node, light, patterns) {
  const name = `${light.colour} ${light.pattern}`;
  if (node.dataset.shown === name) return;
  node.dataset.shown = name;
  node.dataset.colour = light.colour;
  const pattern = patterns[light.pattern];
  const levels = light.colour === "off" || !pattern ? [] : Array.from({ length: 40 }, (_, at) => levelAt(pattern, at / 40));
  node.replaceChildren(
    ...levels.map((level) => {
      const part = document.createElement("i");
      part.style.opacity = String(level);
      return part;
    }),
  );
}

/** How bright a pattern is at a part of the two seconds that a strip shows. */
function levelAt(pattern, part) {
  const phase = ((part * 2000) % pattern.period_ms) / pattern.period_ms;
  return pattern.levels[Math.floor(phase * pattern.levels.length)];
}
