// The one connection to the server: messages come in, orders go out, and each order gets its answer.

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 5000;

export class Link {
  #socket = null;
  #waiting = new Map();
  #number = 0;
  #pause = FIRST_WAIT_MS;

  /** `hear(message)` gets each message, `see(camera, picture)` each picture as a Blob, `up(is)` whether there is a connection. */
  constructor(hear, see, up) {
    this.hear = hear;
    this.see = see;
    this.up = up;
  }

  /** Connect, and again whenever the connection is lost. */
  open() {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      this.#pause = FIRST_WAIT_MS;
      this.up(true);
    });
    socket.addEventListener("message", (event) => this.#take(event.data));
    socket.addEventListener("close", () => {
      this.#socket = null;
      for (const [, refuse] of this.#waiting.values()) refuse(new Error("The connection to the simulation is gone."));
      this.#waiting.clear();
      this.up(false);
      setTimeout(() => this.open(), this.#pause);
      this.#pause = Math.min(LONGEST_WAIT_MS, this.#pause * 2);
    });
    this.#socket = socket;
  }

  /** Give an order; the answer, or an Error with the reason in words.  Orders arrive in the order in which they were given. */
  order(what, facts = {}) {
    return new Promise((resolve, reject) => {
      if (this.#socket?.readyState !== WebSocket.OPEN) {
        reject(new Error("There is no connection to the simulation."));
        return;
      }
      this.#number += 1;
      this.#waiting.set(this.#number, [resolve, reject]);
      this.#socket.send(JSON.stringify({ id: this.#number, do: what, ...facts }));
    });
  }

  #take(data) {
    if (data instanceof ArrayBuffer) {
      const size = new Uint8Array(data)[0];
      this.see(new TextDecoder().decode(data.slice(1, 1 + size)), new Blob([data.slice(1 + size)], { type: "image/jpeg" }));
      return;
    }
    const message = JSON.parse(data);
    if (message.type !== "answer") {
      this.hear(message);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.ok) waiting?.[0](message);
    else waiting?.[1](new Error(message.error));
  }
}
