// What the Leptos program does with texts, in its order: the form (`src/screens/send.rs`, `text_box.rs`, `host.rs`), replies
// (`tickets/reply.rs`, `tickets/similar.rs`) and the outbox (`outbox/mod.rs`). It calls the loader's scripts as the program does.

/** What has changed (`src/screens/host.rs`). */
const [USER, PUBLISHED] = [1, 2];

export class Program {
  text = "";
  contact = { name: "", email: "" };
  /** @type {"no" | "busy" | "adding" | "refused"} */
  sending = "no";
  screen = "home";
  userChanges = 0;
  /** The user as the form knows them. @type {any} */
  user = null;
  /** The conversation that is open. @type {{id: string, text: string, isBusy: boolean, isRestored: boolean} | undefined} */
  conversation;
  /** What the outbox shows. @type {any[]} */
  items = [];
  /** The loader, once the form is drawn. @type {any} */
  loader;

  /** @param {(what: string, detail: any) => void} note is told what is shown */
  constructor(note) {
    this.note = note;
    // As `loader/widget.js` imports it.
    this.exports = {
      initSync: () => ({}),
      mount: (loader) => this.mount(loader),
      open: () => {},
      changed: (change) => this.changed(change),
      draft: () => this.json(),
      restoreDraft: (ticket) => this.restore(ticket),
      editTicket: (ticket) => {
        this.restore(ticket);
        this.screen = "ticket";
      },
      ticketArrived: (text) => {
        if (this.screen == "outbox") note("receipt", text);
      },
      follows: () => this.refresh(),
      ...Object.fromEntries(
        "attachmentsChanged contextLoaded copyText destroyed filesAdded find findQuestion findRest ticketsChanged"
          .split(" ")
          .map((name) => [name, () => {}]),
      ),
    };
  }

  get box() {
    return this.loader.box;
  }

  get isSealed() {
    return this.sending == "busy" || this.sending == "adding";
  }

  mount(loader) {
    this.loader = loader;
    this.listen();
    loader.box.addEventListener("input", () => this.typed());
    this.typed();
    this.fetchConfig();
  }

  async fetchConfig() {
    const { siteUrl } = this.loader;
    const promised = this.loader.elsewhere("config");
    const answer = promised ? await promised.catch(() => undefined) : await this.fetch(`${siteUrl}/config`);
    this.loader.configured(answer || undefined);
    this.listen();
  }

  /** Set by the tab. @type {(url: string) => Promise<any>} */
  fetch = async () => undefined;

  typed() {
    this.text = this.box.value;
  }

  /** @param {Program["sending"]} sending */
  become(sending) {
    this.sending = sending;
    this.box.readOnly = this.isSealed;
  }

  write(text) {
    this.box.value = text;
    if (text) this.loader.freeze();
    else this.loader.state.frozen = null;
    this.typed();
  }

  listen() {
    const { user } = this.loader.state;
    this.user = user?.id ? user : null;
  }

  changed(change) {
    if (change == PUBLISHED) return void this.fetchConfig();
    if (change == USER) {
      this.userChanges += 1;
      this.contact = { name: "", email: "" };
      this.conversation = undefined;
      this.screen = "home";
      this.items = [];
      this.become("no");
      this.write("");
    }
    this.listen();
  }

  restore(ticket) {
    if (this.isSealed) return;
    if (!this.user) this.contact = { name: "", email: "", ...ticket.contact };
    this.write(ticket.message ?? "");
  }

  /** The ticket as the form stands. */
  json() {
    const { attachments, website } = this.loader.extras();
    const { name, email } = this.user ?? this.contact;
    return JSON.stringify({ message: this.text, contact: { name, email }, attachments, website });
  }

  /** Send is pressed. @param {(text: string) => void} pressed called when the text is sent off */
  async send(pressed) {
    if (this.isSealed || !this.text.trim()) return;
    if (!this.user && !this.contact.email) this.contact = { name: "Anna", email: "anonymous@host.example" };
    this.become("busy");
    const { userChanges } = this;
    await this.loader.settled();
    if (userChanges != this.userChanges) return;
    pressed(this.text);
    const sent = await outcome(this.loader.send(this.json(), this.text, !!this.user, ""));
    this.hasArrived(userChanges, sent);
  }

  /** The draft is added to a ticket. @param {string} id @param {(text: string) => void} pressed */
  async add(id, pressed) {
    if (this.isSealed || !this.text.trim()) return;
    this.become("adding");
    const { userChanges, text } = this;
    pressed(text);
    const sent = await outcome(this.loader.addDraft(id, JSON.stringify({ message: text }), text));
    this.hasArrived(userChanges, sent);
  }

  hasArrived(userChanges, { word, text }) {
    if (userChanges != this.userChanges) return;
    if (word == "gone") return this.become("no");
    if (!word || word == "refused") return this.become("refused");
    this.clear();
    if (word == "sent") this.note("receipt", text);
    else {
      this.screen = "outbox";
      this.refresh();
    }
  }

  clear() {
    this.loader.letGo();
    this.write("");
    this.become("no");
  }

  /** A question has helped. */
  finish() {
    if (this.isSealed) return;
    this.clear();
  }

  /** @param {string} id of a ticket */
  async openConversation(id) {
    this.screen = "tickets";
    const conversation = (this.conversation = { id, text: "", isBusy: false, isRestored: false });
    const draft = await this.loader.replyDraft(id).catch(() => "");
    conversation.isRestored = true;
    if (!conversation.text) conversation.text = draft ?? "";
  }

  /** Something is typed into the field of a reply, which may not show yet what the device has. @param {string} text */
  typeReply(text) {
    const { conversation } = this;
    if (!conversation || conversation.isBusy) return;
    this.loader.keepReplyDraft(conversation.id, text).catch(() => {});
    conversation.text = text;
  }

  /** @param {(text: string) => void} pressed */
  async sendReply(pressed) {
    const { conversation } = this;
    if (!conversation || conversation.isBusy || !conversation.text) return;
    conversation.isBusy = true;
    const { id, text } = conversation;
    pressed(text);
    const { word } = await outcome(this.loader.reply(id, JSON.stringify({ message: text }), text));
    conversation.isBusy = false;
    conversation.text = !word || word == "refused" ? text : "";
  }

  openOutbox() {
    this.screen = "outbox";
    this.refresh();
  }

  async refresh() {
    if (this.screen != "outbox") return;
    const { userChanges } = this;
    const outbox = await this.loader.outbox().catch(() => undefined);
    if (userChanges == this.userChanges) this.items = outbox?.items ?? [];
  }
}

/** @param {Promise<any>} sent */
const outcome = async (sent) => (await sent.catch(() => undefined)) ?? { word: "" };
