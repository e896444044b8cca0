// Numbers and times as people write them.  What states, troubles and cues mean comes from the service's own catalogue.

export const PLACES = { worn: "Worn", contact: "Meets a dock", docked: "In the dock", offloading: "In the dock, offloading" };
export const CLOCKS = { unset: "not set", rtc: "its own clock", dock: "set by a dock" };
export const RECORDINGS = { "stop-asked": "asked to stop", stopping: "being sealed", "post-event": "running on after the stop" };
export const POWERS = { off: "The battery is out.", starting: "Starting.", failed: "The service has ended by itself." };

/** Minutes and seconds. */
export function length(seconds) {
  if (seconds === null || seconds === undefined) return "?";
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Bytes, in the unit that fits. */
export function bytes(count) {
  if (count === null || count === undefined) return "?";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let rest = count;
  let unit = 0;
  while (rest >= 1000 && unit < units.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  return `${rest >= 100 || unit === 0 ? Math.round(rest) : rest.toFixed(1)} ${units[unit]}`;
}

/** The time of day, in UTC. */
export function time(utcMs) {
  return utcMs === null || utcMs === undefined ? "?" : new Date(utcMs).toISOString().slice(11, 19);
}

/** Day and time of day, in UTC. */
export function moment(utcMs) {
  return utcMs === null || utcMs === undefined ? "at a time unknown" : `${new Date(utcMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** A number with at most one place behind the point. */
export const number = (value) => (value === null || value === undefined ? "?" : String(Math.round(value * 10) / 10));
