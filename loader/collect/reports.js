// Reports of the browser about the page: deprecated features that it uses, and interventions. The browser keeps them.

/** How long to wait for them; the browser delivers them in a task of its own. */
const DELIVERED_MS = 100;

/** @param {string} time the time of the snapshot @returns {Promise<import("../moment.js").RecordedError[]>} */
export const reports = (time) =>
  new Promise((done) => {
    const Observer = /** @type {any} */ (window)["ReportingObserver"];
    if (!Observer) return done([]);
    /** @type {import("../moment.js").RecordedError[]} */
    const errors = [];
    const addReports = (/** @type {any[]} */ list) => {
      for (const { type: source, body } of list) {
        const location = `${body.sourceFile}:${body.lineNumber}:${body.columnNumber}`;
        const earlier = errors.find(({ message }) => message == body.message);
        if (earlier) earlier.count += 1;
        else
          errors.push({
            source,
            name: "",
            message: body.message,
            stack: "",
            location,
            first_at: time,
            at: time,
            count: 1,
          });
      }
    };
    const observer = new Observer(addReports, { types: ["deprecation", "intervention"], buffered: true });
    observer.observe();
    setTimeout(() => {
      observer.disconnect();
      done(errors);
    }, DELIVERED_MS);
  });
