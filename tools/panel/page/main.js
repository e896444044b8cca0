// The page of the simulated cameras.  Whatever it shows comes from the server, and whatever it does is an order to the server.

import { controls } from "./controls.js";
import { cues } from "./cues.js";
import { desk } from "./desk.js";
import { find, say } from "./dom.js";
import { hands } from "./hands.js";
import { Link } from "./link.js";
import { logbook } from "./logbook.js";
import { scenarios } from "./scenario.js";
import { Sound } from "./sound.js";
import { picture, state } from "./state.js";
import { tabs } from "./tabs.js";

const page = { hello: null, cameras: new Map(), current: null };
const screen = picture();
const link = new Link(hear, (camera, blob) => camera === page.current && screen.show(blob), up);

/** Give an order, for the camera at hand unless another (or null: none) is named; whether it was carried out.  A refusal is shown. */
async function order(what, facts = {}, camera = page.current) {
  const trouble = find("trouble");
  try {
    await link.order(what, camera === null ? facts : { camera, ...facts });
    trouble.hidden = true;
    return true;
  } catch (problem) {
    trouble.hidden = false;
    say(trouble, problem.message);
    return false;
  }
}

const hand = hands(order);
const views = [tabs(page, select), state(page), cues(new Sound()), hand, controls(order), logbook(page), scenarios(order), desk(page, order)];
const tell = (what, ...facts) => views.forEach((view) => view[what]?.(...facts));

function up(is) {
  const words = find("link");
  words.dataset.up = String(is);
  say(words, is ? "Connected" : "No connection: trying again");
}

function select(id) {
  if (page.current !== null && page.current !== id) {
    hand.leave();
    order("look", { on: false });
  }
  page.current = id;
  order("look", { on: true });
  tell("select", id);
  tell("camera", page.cameras.get(id), null);
}

function hear(message) {
  const { type } = message;
  if (type === "hello") {
    page.hello = message;
    page.cameras = new Map(message.cameras.map((camera) => [camera.id, camera]));
    tell("hello", message);
    select(page.cameras.has(page.current) ? page.current : message.cameras[0].id);
    document.body.dataset.ready = "true";
  } else if (type === "camera") {
    const before = page.cameras.get(message.id);
    page.cameras.set(message.id, message);
    if (message.id === page.current) tell("camera", message, before);
    tell("any", message);
  } else if (type === "cue") {
    if (message.camera === page.current) tell("cue", message);
  } else tell(type, message);
}

link.open();
