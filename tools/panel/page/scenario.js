// Scenarios: what there is, which one runs, and what it says to the trainee.

import { fill, find, isOn, keyed, list, make, say, turns } from "./dom.js";

const NONE = { name: null, state: "none", step: 0, steps: 0, words: "", say: "", problems: [] };
const ENDS = { passed: "The scenario is over.", failed: "The scenario did not go as expected.", stopped: "The scenario was stopped." };

/** Shows them; `order(what, facts)` starts and stops one. */
export function scenarios(order) {
  const box = find("say");
  const stop = find("say-stop");
  turns("fast");
  let known = new Map();
  let told = "none";

  stop.addEventListener("click", () => {
    if (told === "running") order("stop", {}, null);
    else box.hidden = true;
  });

  const show = (now) => {
    if (now.state !== told) box.hidden = now.state === "none";
    told = now.state;
    box.dataset.state = now.state;
    const title = known.get(now.name)?.title ?? now.name ?? "";
    say(find("say-title"), title || "Scenario");
    say(find("say-words"), now.say || (now.state === "running" ? "" : (ENDS[now.state] ?? "")));
    const at = now.state === "running" ? `Step ${now.step} of ${now.steps}: ${now.words}` : (ENDS[now.state] ?? "");
    say(find("say-step"), [at, ...(now.problems ?? [])].join(" "));
    fill(find("say-bar"), now.steps ? now.step / now.steps : 0, at);
    say(stop, now.state === "running" ? "Stop the scenario" : "Close");
    for (const button of find("scenarios").querySelectorAll("button")) button.disabled = now.state === "running";
  };

  return {
    hello(hello) {
      known = new Map(hello.scenarios.map((each) => [each.name, each]));
      keyed(find("scenarios"), hello.scenarios, (each) => each.name, (node, each) => node ?? row(each, order));
      find("no-scenarios").hidden = hello.scenarios.length > 0;
      list(find("problems"), hello.problems ?? []);
      show(hello.scenario ?? NONE);
    },
    scenario: show,
  };
}

function row(each, order) {
  const button = make("button", { type: "button", class: "button", "data-scenario": each.name }, "Play", make("span", { class: "unseen" }, ` ${each.title}`));
  button.addEventListener("click", () => order("play", { scenario: each.name, fast: isOn("fast") }, null));
  const about = each.about_s ? ` About ${Math.max(1, Math.round(each.about_s / 60))} min.` : "";
  return make("li", {}, make("h3", {}, each.title), make("p", {}, `${each.words}${about}`), button);
}
