// Reports of the browser about the page: deprecated features that it uses, and interventions. The browser keeps them.

/** How long to wait for them; the browser delivers them in a task of its own. */
const DELIVERED_MS = 100;

/** @param {string} at the time of the snapshot @returns {Promise<import("../moment.js").RecordedError[]>} */
export const reports = (at) =>
  new Promise((done) => {
    const Observer = /** @type {any} */ (window)["ReportingObserver"];
    if (!Observer) return done([]);
    /** @type {import("../moment.js").RecordedError[]} */
    const found = [];
    const take = (/** @type {any[]} */ list) => {
      for (const { type: source, body } of list) {
        const location = `${body.sourceFile}:${body.lineNumber}:${body.columnNumber}`;
        const known = found.find(({ message }) => message == body.message);
        if (known) known.count += 1;
        else found.push({ source, name: "", message: body.message, stack: "", location, first_at: at, at, count: 1 });
      }
    };
    const observer = new Observer(take, { types: ["deprecation", "intervention"], buffered: true });
    observer.observe();
    setTimeout(() => {
      observer.disconnect();
      done(found);
    }, DELIVERED_MS);
  });
