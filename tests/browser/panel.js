import { expect } from "@playwright/test";

/** The panel on a page, with locators for what a customer sees. */
export class Panel {
  /** @param {import("@playwright/test").Page} page */
  constructor(page) {
    this.page = page;
    this.root = page.locator("deskbell-panel");
    this.dialog = this.root.locator("dialog");
    this.title = this.root.locator("h2");
    this.box = this.root.locator("#box");
    this.hits = this.root.locator(".hit");
    this.answers = this.root.locator(".answer");
    this.live = this.root.locator("[role=status]");
    this.alert = this.root.getByRole("alert").or(this.root.locator(".alert"));
    this.reference = this.root.locator(".reference");
  }

  /** @param {string | RegExp} name */
  button(name) {
    return this.root.getByRole("button", { name, exact: true });
  }

  /** @param {string | RegExp} title */
  hit(title) {
    return this.hits.filter({ hasText: title });
  }

  /** @param {"question" | "bug" | "feedback"} kind */
  kind(kind) {
    return this.root.locator(`[name=kind]#${kind}`);
  }

  /** The button from Home to the form, which is also below the hits. */
  get ticketButton() {
    return this.root.locator(".foot").getByRole("button", { name: /(^|\? )Send a ticket$/ });
  }

  get topic() {
    return this.root.locator("select#topic");
  }

  get severity() {
    return this.root.locator("select#severity");
  }

  get name() {
    return this.root.locator("#name");
  }

  get email() {
    return this.root.locator("#email");
  }

  /** Opens the panel by the page's own trigger, and waits for the widget. */
  async open() {
    await this.page.getByRole("button", { name: "Open help" }).click();
    await this.ready();
  }

  /** Waits until the widget has loaded, on Home. */
  async ready() {
    await expect(this.root.locator(".foot button")).toBeVisible();
  }

  /**
   * Types into the box, and waits for the hits of the whole text: hits of an earlier text may still move.
   * @param {string} text
   */
  async search(text) {
    const whole = this.page.waitForResponse((response) => new URL(response.url()).searchParams.get("q") === text);
    await this.page.keyboard.type(text);
    await (await whole).finished();
    // Two frames: the response is read, then drawn.
    await this.page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null)))),
    );
  }

  /** Goes from Home to the form. */
  async toTicket() {
    await this.ticketButton.click();
    await expect(this.severity).toBeVisible();
  }

  /** Waits until everything that the form needs is loaded, of which this button is drawn last: the network may fail now. */
  async formLoaded() {
    await expect(this.button("Add a file")).toBeVisible();
  }

  /** Presses Send and returns the reference on the receipt. */
  async send() {
    await this.button("Send").click();
    return this.received();
  }

  /**
   * Sends what is in the outbox now, unless it was sent automatically meanwhile.
   * @param {string} [name] of the button
   * @param {import("@playwright/test").Locator} [receipt] what is shown once it was sent
   */
  async again(name = "Try again", receipt = this.root.locator(".reference, #waiting > .notice")) {
    const button = this.button(name);
    await expect(async () => {
      await expect(button.or(receipt).first()).toBeVisible();
      // By the keyboard: a click can hit what an automatic attempt puts in the button's place.
      if (!(await receipt.count())) await button.press("Enter", { timeout: 2000 });
    }).toPass();
  }

  async received() {
    await expect(this.root.getByRole("heading", { name: "Ticket sent" })).toBeVisible();
    const reference = (await this.reference.textContent())?.match(/DB-\w+/)?.[0];
    expect(reference, "the receipt names a reference").toBeTruthy();
    return /** @type {string} */ (reference);
  }

  /** Writes a message and sends it, from Home, as a known customer. @param {string} text */
  async sendTicket(text) {
    await this.toTicket();
    await this.box.fill(text);
    return this.send();
  }
}
