// Lights with their patterns.  How each pattern goes comes from the server's one table, as points [ms, brightness from 0 to 1] joined by
// straight lines, two at one time being a jump; here it is only played.

const STRIP_MS = 2500; // what a strip shows
const STRIP_PARTS = 100;
const still = matchMedia("(prefers-reduced-motion: reduce)");

const period = (course) => course.at(-1)[0];
const isSteady = (course) => course.every(([, level]) => level === course[0][1]);

/** A pattern as keyframes of opacity. */
export function keyframes(course) {
  return course.map(([ms, opacity]) => ({ opacity, offset: ms / period(course), easing: "linear" }));
}

/** How bright a pattern is so many milliseconds after it began. */
export function brightness(course, ms) {
  const at = ms % period(course);
  const next = course.findIndex(([begin]) => begin > at);
  const [[begin, first], [end, last]] = [course[next - 1], course[next]];
  return first + ((last - first) * (at - begin)) / (end - begin);
}

/** A pattern as dashes along a path of length 100, for those who want no motion: one period; none for what neither blinks nor jumps. */
export function dashes(course) {
  const runs = course.slice(1).map(([end, level], index) => [end - course[index][0], level, course[index][1]]);
  if (isSteady(course) || runs.some(([length, level, before]) => length > 0 && level !== before)) return "none";
  const lengths = runs.filter(([length]) => length > 0).map(([length]) => ((100 * length) / period(course)).toFixed(1));
  return lengths.join(" ");
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
    const course = lit ? this.patterns()[this.#light.pattern]?.course : null;
    this.node.style.opacity = lit ? "1" : "0";
    this.node.style.strokeDasharray = course && still.matches ? dashes(course) : "none";
    if (course && !isSteady(course) && !still.matches)
      this.#playing = this.node.animate(keyframes(course), { duration: period(course), iterations: Infinity });
  }
}

/** Draw the next seconds of a light's pattern into a strip, for those who do not see it blink. */
export function strip(node, light, patterns) {
  const name = `${light.colour} ${light.pattern}`;
  if (node.dataset.shown === name) return;
  node.dataset.shown = name;
  node.dataset.colour = light.colour;
  const course = light.colour === "off" ? null : patterns[light.pattern]?.course;
  const parts = course ? Array.from({ length: STRIP_PARTS }, (_, at) => brightness(course, (at * STRIP_MS) / STRIP_PARTS)) : [];
  node.replaceChildren(
    ...parts.map((level) => {
      const part = document.createElement("i");
      part.style.opacity = String(level);
      return part;
    }),
  );
}
