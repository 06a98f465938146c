// What is between tabs and the gateway. A request arrives or not, now or after its sender has given up; so does the response.

/** @typedef {"good" | "lost" | "unanswered" | "torn" | "busy" | "away" | "blocked" | "in-progress" | "hanging"} Fate */

/** What can happen to a request besides what should. @type {Fate[]} */
const FAULTS = ["lost", "unanswered", "torn", "busy", "away", "blocked", "in-progress", "hanging"];

/** The answers that are not those of the gateway's rules. @type {Record<string, {status: number, text: string, after?: string}>} */
const ANSWERS = {
  busy: { status: 429, text: '{"code":"rate_limited","title":"slower"}', after: "3" },
  away: { status: 503, text: "<html>", after: "2" },
  blocked: { status: 403, text: "<html>firewall" },
  "in-progress": { status: 409, text: '{"code":"in_progress","title":"wait"}' },
};

export class Network {
  /** The part of requests that fail, in percent. */
  faults = 0;
  isOnline = true;

  /** @param {import("./scheduler.mjs").Scheduler} scheduler @param {import("./gateway.mjs").Gateway} gateway @param {any} random */
  constructor(scheduler, gateway, random) {
    Object.assign(this, { scheduler, gateway, random });
  }

  /** @param {boolean} isOurs whether it is a file of ours, which comes whole or not at all @returns {Fate} */
  fate(isOurs) {
    if (!this.isOnline) return "lost";
    if (!this.random.chance(isOurs ? this.faults / 4 : this.faults)) return "good";
    return this.random.pick(isOurs ? ["lost", "lost", "hanging"] : FAULTS);
  }

  /**
   * Sends a request. `done` gets the response, or nothing if there is none.
   * @param {any} tab @param {{method: string, path: string, headers: Record<string, string>, body: any}} request
   * @param {(answer?: {status: number, text: string, after?: string}) => void} done
   * @returns {() => void} gives it up; it may arrive all the same
   */
  send(tab, request, done) {
    const { scheduler, gateway } = this;
    const isOurs = !request.path.includes("/v1/");
    const name = `${request.method} ${request.path.split("/").slice(-2).join("/").slice(-34)}`;
    let isGivenUp = false;
    const respond = (answer) => {
      if (isGivenUp) return;
      scheduler.later(tab, `${name} → ${answer?.status ?? "nothing"}`, () => isGivenUp || done(answer));
    };
    const arrive = () => {
      const fate = this.fate(false);
      if (fate == "lost") return respond();
      if (fate == "hanging") return;
      if (ANSWERS[fate]) return respond(ANSWERS[fate]);
      const answer = gateway.answer(request);
      if (fate == "unanswered") return respond();
      if (fate == "torn") return respond({ ...answer, text: answer.text.slice(0, 5) });
      respond(answer);
    };
    if (isOurs) {
      const file = () => {
        const fate = this.fate(true);
        if (!isGivenUp && fate != "hanging") done(fate == "lost" ? undefined : gateway.answer(request));
      };
      scheduler.later(tab, `${name} comes`, file);
      return () => (isGivenUp = true);
    }
    // Outside of the tab: it arrives even if the tab ends meanwhile.
    scheduler.later(undefined, `${name} arrives`, arrive);
    return () => (isGivenUp = true);
  }

  /** The function `fetch` of a tab. @param {any} tab */
  fetchOf(tab) {
    return (url, { method = "GET", headers = {}, body, signal } = /** @type {any} */ ({})) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const cancel = this.send(tab, { method, path: `${url}`, headers, body }, (answer) => {
          if (!answer) return reject(new TypeError("Failed to fetch"));
          const { status, text, after } = answer;
          resolve({
            status,
            ok: status >= 200 && status < 300,
            headers: { get: (name) => (name == "Retry-After" ? (after ?? null) : null) },
            text: async () => text,
            json: async () => JSON.parse(text),
          });
        });
        signal?.addEventListener("abort", () => {
          cancel();
          reject(signal.reason);
        });
      });
  }

  /** The class `XMLHttpRequest` of a tab. @param {any} tab */
  requestClassOf(tab) {
    const network = this;
    return class {
      upload = /** @type {any} */ ({});
      headers = /** @type {Record<string, string>} */ ({});
      status = 0;
      responseText = "";
      after = "";

      open(method, path) {
        Object.assign(this, { method, path });
      }

      setRequestHeader(name, value) {
        this.headers[name] = value;
      }

      getAllResponseHeaders() {
        return this.after && `retry-after: ${this.after}\r\n`;
      }

      send(body) {
        const { method, path, headers } = this;
        this.cancel = network.send(tab, { method, path, headers, body }, (answer) => {
          this.cancel = undefined;
          if (answer)
            Object.assign(this, { status: answer.status, responseText: answer.text, after: answer.after ?? "" });
          this.onloadend?.();
        });
      }

      abort() {
        if (!this.cancel) return;
        this.cancel();
        this.cancel = undefined;
        this.onloadend?.();
      }
    };
  }
}
