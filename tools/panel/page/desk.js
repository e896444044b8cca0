// The desk's side: the rack with its lamps, the sealed recordings with their verdicts, and the film, opened there.

import { fill, find, keyed, list, make, put, say } from "./dom.js";
import { bytes, length, moment } from "./words.js";

const CLASSES = { whole: "good", recovered: "warn", open: "warn" }; // any other verdict is bad news
const LAMPS = { ready: "green", wait: "amber", wrong: "red" }; // the lamp at a slot; the words beside it say the same

/** Shows rack and store; `order(what, facts)` needs no camera here, but for the register. */
export function desk(page, order) {
  const film = player(order);
  find("judge").addEventListener("click", () => order("judge", {}, null));
  find("assign").addEventListener("submit", async (event) => {
    event.preventDefault();
    const officer = find("officer").value.trim();
    if (officer && (await order("assign", { officer }))) say(find("assigned"), `Entered: ${officer} takes ${page.current} out of the dock next.`);
  });

  const rack = (dock) => {
    say(find("rack-title"), dock.name ? `The dock, ${dock.name}` : "The dock");
    keyed(find("slots"), dock.slots, (each) => String(each.slot), slot);
  };
  const store = (now) => {
    say(find("store-words"), now.judging ? "The verifier is at work…" : storeInWords(now));
    find("empty").hidden = now.items.length > 0;
    keyed(find("recordings"), now.items, (each) => each.id, (node, each) => recording(node, each, film));
    film.see(now.items);
  };
  return {
    hello(hello) {
      rack(hello.dock);
      store(hello.recordings);
    },
    dock: rack,
    recordings: store,
  };
}

function storeInWords(now) {
  return now.verdict ? [`The store as a whole: ${now.verdict}.`, ...(now.words ?? [])].join(" ") : "";
}

function slot(node, each) {
  const row =
    node ??
    make("li", {}, make("div", { class: "head" }, make("span", { class: "dot" }), make("strong"), make("span")), make("div", { class: "bar", role: "progressbar", "aria-label": `Slot ${each.slot}`, "aria-valuemin": 0, "aria-valuemax": 100 }, make("span")), make("p", { class: "soft" }));
  const [head, bar, detail] = row.children;
  const [lamp, name, words] = head.children;
  lamp.dataset.colour = LAMPS[each.light] ?? "off";
  say(name, `Slot ${each.slot}`);
  say(words, each.camera ? `${each.camera}: ${each.words}` : each.words || "empty");
  const moving = each.total > 0;
  row.dataset.light = each.light;
  bar.hidden = !moving;
  const share = moving ? each.done / each.total : 0;
  fill(bar, share, `${Math.round(100 * share)} %`);
  const rate = each.rate ? `, ${bytes(each.rate)}/s` : "";
  const left = each.left_s ? `, ${length(each.left_s)} to go` : "";
  say(detail, moving ? `${bytes(each.done)} of ${bytes(each.total)}${rate}${left}` : "");
  return row;
}

function recording(node, each, film) {
  const row = node ?? make("li");
  const told = JSON.stringify(each);
  if (row.dataset.told !== told) {
    const open = [...row.querySelectorAll("details[open]")].length > 0;
    const focused = row.contains(document.activeElement) ? document.activeElement.dataset.act : null;
    row.replaceChildren(...inside(each, film, open));
    row.dataset.told = told;
    if (focused) row.querySelector(`[data-act="${focused}"]`)?.focus();
  }
  return row;
}

function inside(each, film, open) {
  const name = `${each.camera}, recording ${each.number}`;
  const verdict = make("span", { class: "badge", "data-class": each.verdict ? (CLASSES[each.verdict] ?? "bad") : null }, each.verdict ?? "not judged yet");
  const button = make("button", { type: "button", class: "button main", "data-act": "play" }, "Open and play", make("span", { class: "unseen" }, ` ${name}`));
  button.addEventListener("click", () => film.open(each.id));
  const facts = [`${moment(each.utc_ms)}, ${length(each.seconds)} long`, each.shift ? `Shift ${each.shift}` : "Unassigned", ...(each.priority ? ["Marked by the officer"] : [])];
  const why = make(
    "details",
    { open },
    make("summary", { "data-act": "why" }, "What the verifier found"),
    ...found("wrong", "Wrong", (each.problems ?? []).map(({ file, reason }) => (file ? `${file}: ${reason}` : reason))),
    ...found("facts", "Facts", each.facts),
    ...found("proven", "Proven", each.proven),
    ...found("unproven", "Not proven", each.not_proven),
    ...found("private", "Opened with the authority’s key", (each.private ?? []).map(inPrivate)),
  );
  return [make("div", { class: "head" }, make("h4", {}, name), verdict), make("p", { class: "soft" }, facts.join(". ") + "."), make("div", { class: "row" }, button), why];
}

function found(kind, title, rows) {
  return rows?.length ? [make("h5", {}, title), make("ul", { class: kind }, ...rows.map((row) => make("li", {}, row)))] : [];
}

const inPrivate = ({ kind, at_s: at, text }) => `${at === null || at === undefined ? "" : `${length(at)} `}${text || kind}`;

/** The desk's screen: it asks for a film, waits for it and shows it. */
function player(order) {
  const video = find("film");
  const title = find("player-title");
  const words = find("film-words");
  const bar = find("film-bar");
  const notes = video.addTextTrack("captions", "What the officer marked", "en");
  notes.mode = "showing";
  let items = [];
  let wanted = null;
  let shown = null;

  const caption = (each) => {
    for (const cue of [...(notes.cues ?? [])]) notes.removeCue(cue);
    const marks = (each.private ?? []).filter((mark) => mark.at_s !== null && mark.at_s !== undefined);
    for (const mark of marks) notes.addCue(new VTTCue(mark.at_s, mark.at_s + 3, inPrivate(mark)));
    find("marks").replaceChildren(
      ...marks.map((mark) => {
        const go = make("button", { type: "button", class: "button" }, inPrivate(mark));
        go.addEventListener("click", () => {
          video.currentTime = mark.at_s;
        });
        return go;
      }),
    );
  };
  const begin = (each) => {
    shown = each.film.url;
    video.hidden = false;
    video.src = each.film.url;
    caption(each);
    video.play().catch(() => {}); // a browser may want a click first: the controls are there
  };
  const see = (now) => {
    items = now;
    const each = items.find((item) => item.id === wanted);
    for (const row of find("recordings").children) row.dataset.open = String(row.dataset.key === wanted);
    if (!each) return;
    say(title, `${each.camera}, recording ${each.number}`);
    const { state, done, url } = each.film;
    bar.hidden = state !== "making";
    fill(bar, done ?? 0, `${Math.round(100 * (done ?? 0))} %`);
    if (state === "making") say(words, "Decrypting with the authority’s key, and matching it with what the camera signed…");
    if (state === "refused") say(words, `It was not opened: ${each.film.words ?? "the reason is not known"}`);
    if (state === "ready") say(words, `Verdict: ${each.verdict ?? "not judged yet"}. Opened with the authority’s key.`);
    if (state === "ready" && url !== shown) begin(each);
  };
  return {
    see,
    async open(id) {
      const each = items.find((item) => item.id === id);
      if (!each) return;
      wanted = id;
      shown = null;
      video.pause();
      video.hidden = true;
      find("marks").replaceChildren();
      see(items);
      if (each.film.state === "none" || each.film.state === "refused") {
        say(words, "Asking the desk…");
        await order("export", { recording: id }, null);
      }
      find("player-title").scrollIntoView({ block: "nearest" });
    },
  };
}
